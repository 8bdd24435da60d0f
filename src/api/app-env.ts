/** What every handler of the API finds in its context. */
import type { OpenAPIHono } from '@hono/zod-openapi';

export interface AppEnv {
  Bindings: Env;
}

export type App = OpenAPIHono<AppEnv>;
