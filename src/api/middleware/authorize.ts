/**
 * Authorization of the caller: every route declares a permission as `x-permission`, which the caller's scopes must
 * grant.
 *
 * Invariant: a route without a permission refuses every caller.
 */
import type { Context } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Permission, AccessScope } from '../../core/access/permission.ts';
import { accessScopeOf } from '../../core/access/permission.ts';
import type { Principal } from '../../core/access/principal.ts';
import type { Scope } from '../../core/access/scope.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import type { Call } from '../http/call.ts';
import { problemResponse } from '../http/problem.ts';

/** Permissions by method and path, like `POST /v1/components`. Built at the first call, when all routes are mounted. */
type Permissions = ReadonlyMap<string, Permission>;

/** Paths at which middleware is mounted. No route has one of these paths. */
const MIDDLEWARE_PATHS: ReadonlySet<string> = new Set(['*', '/*', '/v1/*']);

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
  let permissions: Permissions | undefined;
  return (c: Context<AppEnv>): Response | null => {
    // Middleware mounted after the route matches too, but does not run for it.
    const route = matchedRoutes(c).findLast(({ path }) => !MIDDLEWARE_PATHS.has(path));
    // Only middleware matched, so the response will be 404 or 405.
    if (!route) return null;
    permissions ??= permissionsOf(app);
    return allow(c, permissions.get(`${route.method} ${route.path}`));
  };
}

const permissionsOf = (app: App): Permissions =>
  new Map(
    app.openAPIRegistry.definitions.flatMap((definition) => {
      if (definition.type !== 'route') return [];
      const { method, path } = definition.route;
      const permission = definition.route['x-permission'] as Permission | undefined;
      const pattern = path.replaceAll(/\{([^}]+)\}/g, ':$1');
      return permission ? [[`${method.toUpperCase()} ${pattern}`, permission] as const] : [];
    }),
  );
