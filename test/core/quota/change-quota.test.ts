import { describe, expect, it } from 'vitest';
import type { Permission } from '../../../src/core/access/permission.ts';
import { accessScopeOf } from '../../../src/core/access/permission.ts';
import { parseScope } from '../../../src/core/access/scope.ts';
import { CHANGE_QUOTAS, quotaHolderOf } from '../../../src/core/quota/change-quota.ts';

const component = { burst: 20, perSecond: 0.2 };
const registrar = { burst: 1_200, perSecond: 2 };
const operator = { burst: 12_000, perSecond: 10 };

/** The quota of a key with these scopes. */
function quotaOf(permission: Permission, scopes: readonly string[]) {
  const scope = accessScopeOf(
    scopes.map((text) => parseScope(text)!),
    'k1',
    permission,
  )!;
  return CHANGE_QUOTAS[quotaHolderOf(scope)];
}

describe.each<Permission>(['register', 'change-component'])('the change quota of a key (%s)', (permission) => {
  it.each([
    { scopes: ['component:a'], quota: component },
    { scopes: ['component:a', 'component:b'], quota: component },
    { scopes: ['viewer', 'router', 'component:a'], quota: component },
    { scopes: ['registrar:task_router'], quota: registrar },
    { scopes: ['registrar:task_router', 'component:a'], quota: registrar },
    { scopes: ['operator'], quota: operator },
    { scopes: ['operator', 'component:a'], quota: operator },
    { scopes: ['admin'], quota: operator },
    { scopes: ['admin', 'registrar:task_router'], quota: operator },
  ])('$scopes', ({ scopes, quota }) => {
    expect(quotaOf(permission, scopes)).toEqual(quota);
  });
});
