/** Routing call as a Hono route, for the calls that the fast path does not serve. */
import { route } from '../use-cases/route.ts';
import type { App } from '../http/app-env.ts';
import { routeCall } from './route-call.ts';

export const mountRouting = (app: App): App => app.openapi(routeCall, (c) => route(c, c.req.valid('json')));
