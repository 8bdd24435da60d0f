import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Permission } from '../../../src/core/access/permission.ts';
import { ownerFilter, accessScopeOf } from '../../../src/core/access/permission.ts';
import type { Scope } from '../../../src/core/access/scope.ts';
import { parseScope } from '../../../src/core/access/scope.ts';

const KEY = 'k1';
const accessOf = (permission: Permission, ...scopes: string[]) =>
  accessScopeOf(
    scopes.map((text) => parseScope(text)!),
    KEY,
    permission,
  );
const kindOf = (permission: Permission, scope: string) => accessOf(permission, scope)?.kind ?? 'none';

// viewer, router, component, registrar, operator, admin
const TABLE: Readonly<Record<Permission, readonly string[]>> = {
  public: ['all', 'all', 'all', 'all', 'all', 'all'],
  'any-key': ['all', 'all', 'all', 'all', 'all', 'all'],
  read: ['all', 'none', 'none', 'none', 'all', 'all'],
  'read-component': ['all', 'none', 'own', 'own', 'all', 'all'],
  route: ['none', 'all', 'none', 'none', 'all', 'all'],
  report: ['none', 'all', 'own', 'own', 'all', 'all'],
  register: ['none', 'none', 'own', 'own', 'all', 'all'],
  'change-component': ['none', 'none', 'own', 'own', 'all', 'all'],
  operate: ['none', 'none', 'none', 'none', 'all', 'all'],
  administer: ['none', 'none', 'none', 'none', 'none', 'all'],
};
const SCOPES = ['viewer', 'router', 'component:c1', 'registrar:task_router', 'operator', 'admin'];

describe('accessScopeOf', () => {
  it.each(Object.entries(TABLE) as [Permission, string[]][])('%s', (permission, expected) => {
    expect(SCOPES.map((scope) => kindOf(permission, scope))).toEqual(expected);
  });

  it('never narrows the access when a scope is added', () => {
    const scopes = fc.subarray(SCOPES);
    const permission = fc.constantFrom(...(Object.keys(TABLE) as Permission[]));
    const order = ['none', 'own', 'all'];
    fc.assert(
      fc.property(scopes, fc.constantFrom(...SCOPES), permission, (some, more, requested) => {
        const before = accessOf(requested, ...some)?.kind ?? 'none';
        const after = accessOf(requested, ...some, more)?.kind ?? 'none';
        expect(order.indexOf(after)).toBeGreaterThanOrEqual(order.indexOf(before));
      }),
    );
  });

  it('is null for a key without scopes', () => {
    for (const permission of Object.keys(TABLE) as Permission[]) expect(accessOf(permission)).toBeNull();
  });
});

describe('ownerFilter', () => {
  const component: Scope = { kind: 'component', id: 'c1' };
  const registrar: Scope = { kind: 'registrar', type: 'task_router' };
  const filter = (scopes: readonly Scope[], id: string) =>
    ownerFilter(accessScopeOf(scopes, KEY, 'change-component')!, id);

  it.each([
    ['an operator accesses any component', [{ kind: 'operator' }], 'c9', null],
    ['a component accesses itself', [component], 'c1', null],
    ['a component accesses no other', [component], 'c2', undefined],
    ['a registrar accesses components that it registered', [registrar], 'c2', KEY],
    ['both: itself, whichever key registered it', [component, registrar], 'c1', null],
    ['both: others only if it registered them', [component, registrar], 'c2', KEY],
  ] as const)('%s', (_, scopes, id, expected) => {
    expect(filter(scopes, id)).toBe(expected);
  });
});
