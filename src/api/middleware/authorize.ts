/**
 * What the caller may do: every route declares its permission as `x-permission`, and the caller's scopes
 * grant it or not. A route that declares none is closed to everybody.
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

/** `POST /v1/components` → its permission; made once, from the routes that are mounted by then. */
type Permissions = ReadonlyMap<string, Permission>;

/** Where middleware is mounted; a route with a wildcard of its own is none of these. */
const MIDDLEWARE_PATHS: ReadonlySet<string> = new Set(['*', '/*', '/v1/*']);

// By the scopes of a key, which never change: one object for as long as the isolate knows the key.
const reaches = new WeakMap<readonly Scope[], Map<Permission, AccessScope | null>>();

/** Lets the caller through with its reach under the permission, or answers it. */
export function allow(c: Call, permission: Permission | undefined): Response | null {
  const reach = permission && reachUnder(permission, c.get('principal'));
  if (!reach) return problemResponse(c, 'forbidden', { detail: 'the scopes of this key do not allow this call' });
  c.set('reach', reach);
  return null;
}

function reachUnder(permission: Permission, { scopes, keyId }: Principal): AccessScope | null {
  const known = reaches.get(scopes) ?? new Map<Permission, AccessScope | null>();
  if (!known.has(permission)) reaches.set(scopes, known.set(permission, accessScopeOf(scopes, keyId, permission)));
  return known.get(permission)!;
}

export function authorize(app: App) {
  let permissions: Permissions | undefined;
  return (c: Context<AppEnv>): Response | null => {
    // Middleware that is mounted behind a route matches too, and does not run for it.
    const route = matchedRoutes(c).findLast(({ path }) => !MIDDLEWARE_PATHS.has(path));
    // Only middleware matched: nothing to allow, and the answer is 404 or 405.
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
