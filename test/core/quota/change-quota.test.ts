import { describe, expect, it } from 'vitest';
import type { Permission } from '../../../src/core/access/permission.ts';
import { accessScopeOf } from '../../../src/core/access/permission.ts';
import { parseScope } from '../../../src/core/access/scope.ts';
import { CHANGE_QUOTAS, quotaHolderOf } from '../../../src/core/quota/change-quota.ts';

const component = { burst: 20, perSecond: 0.2 };
const registrar = { burst: 1_200, perSecond: 2 };

/** The quota of a key with these scopes; null for none. */
function quotaOf(permission: Permission, scopes: readonly string[]) {
  const scope = accessScopeOf(
    scopes.map((text) => parseScope(text)!),
    'k1',
    permission,
  )!;
  const changer = quotaHolderOf(scope);
  return changer && CHANGE_QUOTAS[changer];
}

describe.each<Permission>(['register', 'change-component'])('the change quota of a key (%s)', (permission) => {
  it.each([
    { scopes: ['component:a'], quota: component },
    { scopes: ['component:a', 'component:b'], quota: component },
    { scopes: ['viewer', 'router', 'component:a'], quota: component },
    { scopes: ['registrar:task_router'], quota: registrar },
    { scopes: ['registrar:task_router', 'component:a'], quota: registrar },
    { scopes: ['operator'], quota: null },
    { scopes: ['operator', 'component:a'], quota: null },
    { scopes: ['admin'], quota: null },
    { scopes: ['admin', 'registrar:task_router'], quota: null },
  ])('$scopes', ({ scopes, quota }) => {
    expect(quotaOf(permission, scopes)).toEqual(quota);
  });
});
