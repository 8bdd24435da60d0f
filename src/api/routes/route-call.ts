/** Declaration of the routing call, shared by the Hono route and the fast path. */
import { createRoute, jsonBody, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { RouteResponseSchema, RouteRequestSchema } from '../schemas/route.ts';

export const routeCall = createRoute({
  method: 'post',
  path: '/v1/route',
  'x-permission': 'route',
  tags: ['routing'],
  summary: 'Route request',
  description: 'Picks the best component for the request, and leases slots on it if requested.',
  request: { body: jsonBody(RouteRequestSchema) },
  responses: {
    200: jsonContent(RouteResponseSchema, 'The chosen component, its lease and the decision'),
    ...problemDefault,
  },
});
