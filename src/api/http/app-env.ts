/** Bindings and variables in the context of every API handler. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { AccessScope } from '../../core/access/permission.ts';
import type { Principal } from '../../core/access/principal.ts';
import type { RequestClass } from '../../core/access/request-class.ts';
import type { DeclaredRoute } from './declared-route.ts';
import type { Session } from './session-data.ts';

export interface AppEnv {
  Bindings: Env;
  Variables: {
    requestId: string;
    requestClass: RequestClass;
    /** The caller; not set on public routes. */
    principal: Principal;
    /** SHA-256 of the caller's key, hex. */
    keyDigest: string;
    /** The caller's session, when the call came with a cookie instead of a key. */
    session?: Session;
    /** The declaration of the route that the call matches; not set where none does, nor on the fast path. */
    declaredRoute?: DeclaredRoute;
    /** Components that the caller may access under the route's permission. */
    accessScope: AccessScope;
  };
}

export type App = OpenAPIHono<AppEnv>;
