/** What every handler of the API finds in its context. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { AccessScope } from '../../core/access/permission.ts';
import type { Principal } from '../../core/access/principal.ts';
import type { RequestClass } from '../../core/access/request-class.ts';
import type { Session } from './session-data.ts';

export interface AppEnv {
  Bindings: Env;
  Variables: {
    requestId: string;
    requestClass: RequestClass;
    /** Who calls; not there on public routes. */
    principal: Principal;
    /** SHA-256 of the caller's key, hex. */
    keyDigest: string;
    /** The session that the caller came with, when it was not a key. */
    session?: Session;
    /** Which components the caller may touch under the route's permission. */
    reach: AccessScope;
  };
}

export type App = OpenAPIHono<AppEnv>;
