/** What operators do to a component: drain, isolate, maintain, restore. */
import type { App } from '../app-env.ts';
import { actorOf } from '../caller.ts';
import { withRegistryOf } from '../directory-cache.ts';
import { etagOf } from '../if-match.ts';
import { createRoute, jsonBody, jsonContent, problemDefault } from '../openapi-route.ts';
import { problemResponse, refusal } from '../problem.ts';
import { IdParamSchema } from '../schemas/common.ts';
import { ComponentSchema } from '../schemas/component.ts';
import { OperationSchema, readUntil } from '../schemas/operation.ts';

const act = createRoute({
  method: 'post',
  path: '/v1/components/{id}/actions',
  'x-permission': 'operate',
  tags: ['components'],
  summary: 'Drain, isolate or maintain a component, or bring it back; asking twice is once',
  request: { params: IdParamSchema, body: jsonBody(OperationSchema) },
  responses: { 200: jsonContent(ComponentSchema, 'The component as it is then'), ...problemDefault },
});

export function mountComponentOperation(app: App): void {
  app.openapi(act, async (c) => {
    const { id } = c.req.valid('param');
    const { action, forMs = null, until: asked, reason = null } = c.req.valid('json');
    const until = readUntil(asked, Date.now());
    if (typeof until === 'string')
      return problemResponse(c, 'invalid-request', { errors: [{ path: 'until', message: until }] });
    const operated = await withRegistryOf(c.get('reach'), id, (registry) =>
      registry.operate(id, { action, forMs, until, reason }, actorOf(c)),
    );
    if (!operated.ok) return refusal(c, operated);
    c.header('etag', etagOf(operated.value));
    return c.json(operated.value, 200);
  });
}
