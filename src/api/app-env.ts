/** What every handler of the API finds in its context. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Reach } from '../core/access/permission.ts';
import type { Principal } from '../core/access/principal.ts';

export interface AppEnv {
  Bindings: Env;
  Variables: {
    requestId: string;
    /** Who calls; not there on public routes. */
    principal: Principal;
    /** Which components the caller may touch under the route's permission. */
    reach: Reach;
  };
}

export type App = OpenAPIHono<AppEnv>;
