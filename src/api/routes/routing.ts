/** The routing call as a route like any other: for callers that the fast lane does not take. */
import { route } from '../use-cases/route.ts';
import type { App } from '../http/app-env.ts';
import { routeCall } from './route-call.ts';

export const mountRouting = (app: App): App => app.openapi(routeCall, (c) => route(c, c.req.valid('json')));
