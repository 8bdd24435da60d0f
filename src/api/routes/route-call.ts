/** The declaration of the routing call, apart from who answers it. */
import { createRoute, jsonBody, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { RouteAnswerSchema, RouteRequestSchema } from '../schemas/route.ts';

export const routeCall = createRoute({
  method: 'post',
  path: '/v1/route',
  'x-permission': 'route',
  tags: ['routing'],
  summary: 'Pick the best component for a request',
  request: { body: jsonBody(RouteRequestSchema) },
  responses: { 200: jsonContent(RouteAnswerSchema, 'Where to send it'), ...problemDefault },
});
