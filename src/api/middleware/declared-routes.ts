/** Finds the declaration of the route that a call matches. */
import type { Context } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { ZodObject } from 'zod';
import type { Permission } from '../../core/access/permission.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import type { DeclaredRoute } from '../http/declared-route.ts';

/** Paths at which middleware is mounted. No route has one of these paths. */
const MIDDLEWARE_PATHS: ReadonlySet<string> = new Set(['*', '/*', '/v1/*']);

/** Declaration of the route that a call matches; null if only middleware does, so that the response is 404 or 405. */
export function declaredRoutes(app: App): (c: Context<AppEnv>) => DeclaredRoute | null {
  // Built at the first call, when all routes are mounted.
  let routes: ReadonlyMap<string, DeclaredRoute> | undefined;
  return (c) => {
    // Middleware mounted after the route matches too, but does not run for it.
    const route = matchedRoutes(c).findLast(({ path }) => !MIDDLEWARE_PATHS.has(path));
    if (!route) return null;
    routes ??= readRoutes(app);
    return routes.get(`${route.method} ${route.path}`) ?? UNDECLARED;
  };
}

/** A route that the document lacks: it has no permission, so that every caller is refused. */
const UNDECLARED: DeclaredRoute = { permission: undefined, query: null, headers: new Set(), body: 'none' };

/** Declarations by method and path, like `POST /v1/components`. */
const readRoutes = (app: App): ReadonlyMap<string, DeclaredRoute> =>
  new Map(
    app.openAPIRegistry.definitions.flatMap((definition) => {
      if (definition.type !== 'route') return [];
      const { method, path, request = {} } = definition.route;
      const pattern = path.replaceAll(/\{([^}]+)\}/g, ':$1');
      const declared: DeclaredRoute = {
        permission: definition.route['x-permission'] as Permission | undefined,
        query: namesIn(request.query),
        headers: namesIn(request.headers) ?? new Set(),
        body: request.body ? (request.body.required ? 'required' : 'optional') : 'none',
      };
      return [[`${method.toUpperCase()} ${pattern}`, declared] as const];
    }),
  );

/** Names of an object schema; null if the schema accepts other names too. */
function namesIn(schema: unknown): ReadonlySet<string> | null {
  if (schema === undefined) return new Set();
  const { shape, def } = schema as ZodObject;
  return def.catchall === undefined ? new Set(Object.keys(shape)) : null;
}
