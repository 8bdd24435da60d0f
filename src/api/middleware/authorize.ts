/**
 * Authorization of the caller: every route declares a permission as `x-permission`, which the caller's scopes must
 * grant.
 *
 * Invariant: a route without a permission refuses every caller.
 */
import type { Context } from 'hono';
import type { Permission, AccessScope } from '../../core/access/permission.ts';
import { accessScopeOf } from '../../core/access/permission.ts';
import type { Principal } from '../../core/access/principal.ts';
import type { Scope } from '../../core/access/scope.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import type { Call } from '../http/call.ts';
import { declaredRoutes } from './declared-routes.ts';
import { problemResponse } from '../http/problem.ts';

// Indexed by the scopes array of a key: scopes never change, and the array lives as long as the isolate knows the key.
const accessScopes = new WeakMap<readonly Scope[], Map<Permission, AccessScope | null>>();

/** Returns null and sets `accessScope` when the scopes grant the permission; otherwise returns a 403 response. */
export function allow(c: Call, permission: Permission | undefined): Response | null {
  const accessScope = permission && accessScopeUnder(permission, c.get('principal'));
  if (!accessScope) return problemResponse(c, 'forbidden', { detail: 'the scopes of this key do not allow this call' });
  c.set('accessScope', accessScope);
  return null;
}

function accessScopeUnder(permission: Permission, { scopes, keyId }: Principal): AccessScope | null {
  const known = accessScopes.get(scopes) ?? new Map<Permission, AccessScope | null>();
  if (!known.has(permission)) accessScopes.set(scopes, known.set(permission, accessScopeOf(scopes, keyId, permission)));
  return known.get(permission)!;
}

export function authorize(app: App) {
  const declaredRouteOf = declaredRoutes(app);
  return (c: Context<AppEnv>): Response | null => {
    const route = declaredRouteOf(c);
    if (!route) return null;
    c.set('declaredRoute', route);
    return allow(c, route.permission);
  };
}
