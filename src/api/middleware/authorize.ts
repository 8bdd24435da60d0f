/**
 * What the caller may do: every route declares its permission as `x-permission`, and the caller's scopes
 * grant it or not. A route that declares none is closed to everybody.
 */
import { matchedRoutes } from 'hono/route';
import type { Permission } from '../../core/access/permission.ts';
import { reachOf } from '../../core/access/permission.ts';
import type { App } from '../app-env.ts';
import type { Guard } from '../guard.ts';
import { problemResponse } from '../problem.ts';

/** `POST /v1/components` → its permission; made once, from the routes that are mounted by then. */
type Permissions = ReadonlyMap<string, Permission>;

/** Where middleware is mounted; a route with a wildcard of its own is none of these. */
const MIDDLEWARE_PATHS: ReadonlySet<string> = new Set(['*', '/*', '/v1/*']);

export function authorize(app: App): Guard {
  let permissions: Permissions | undefined;
  return (c) => {
    const route = matchedRoutes(c).at(-1);
    // Only middleware matched: nothing to allow, and the answer is 404 or 405.
    if (!route || MIDDLEWARE_PATHS.has(route.path)) return null;
    permissions ??= permissionsOf(app);
    const permission = permissions.get(`${route.method} ${route.path}`);
    const { scopes, keyId } = c.get('principal');
    const reach = permission && reachOf(scopes, keyId, permission);
    if (!reach) return problemResponse(c, 'forbidden', { detail: 'the scopes of this key do not allow this call' });
    c.set('reach', reach);
    return null;
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
