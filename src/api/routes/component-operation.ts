/** What operators do to a component: set it aside and bring it back, switch over, restart and scale it. */
import type { App } from '../http/app-env.ts';
import { awaitActionResult } from '../use-cases/await-action-result.ts';
import { actorOf } from '../auth/actor-of.ts';
import { withRegistryOf } from '../../edge/directory-cache.ts';
import { etagOf } from '../http/if-match.ts';
import { createRoute, jsonBody, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { problemResponse, problemOf } from '../http/problem.ts';
import { toRecoveryResource } from '../resources/recovery-resource.ts';
import { IdParamSchema } from '../schemas/common.ts';
import { ComponentSchema } from '../schemas/component.ts';
import { RecoverySchema } from '../schemas/failure.ts';
import { OperationSchema, isControlAction, isSwitch, readUntil } from '../schemas/operation.ts';

const act = createRoute({
  method: 'post',
  path: '/v1/components/{id}/actions',
  'x-permission': 'operate',
  tags: ['components'],
  summary: 'Drain, isolate, maintain, restore, switch over, restart or scale a component',
  request: { params: IdParamSchema, body: jsonBody(OperationSchema) },
  responses: {
    200: jsonContent(ComponentSchema, 'The component as it is then; asking twice is once'),
    202: jsonContent(
      RecoverySchema,
      'Of `restart` and `scale_up`: the recovery that carries it out, with what the controller answered, unless that took ' +
        'longer than 12 s',
    ),
    ...problemDefault,
  },
});

export function mountComponentOperation(app: App): void {
  app.openapi(act, async (c) => {
    const { id } = c.req.valid('param');
    const asked = c.req.valid('json');
    const { action, forMs = null, idempotencyKey = null, reason = null, force = false } = asked;
    if (isControlAction(action)) {
      const order = await withRegistryOf(c.get('reach'), id, (registry) =>
        registry.askAction(id, { action, idempotencyKey, reason, force }, actorOf(c)),
      );
      if (!order.ok) return problemOf(c, order);
      return c.json(toRecoveryResource(await awaitActionResult(c.env.HISTORY, order.value)), 202);
    }
    const until = readUntil(asked.until, Date.now());
    if (typeof until === 'string')
      return problemResponse(c, 'invalid-request', { errors: [{ path: 'until', message: until }] });
    const changed = isSwitch(action)
      ? await withRegistryOf(c.get('reach'), id, (registry) => registry.switchTo(id, { action, force }, actorOf(c)))
      : await withRegistryOf(c.get('reach'), id, (registry) =>
          registry.operate(id, { action, forMs, until, reason }, actorOf(c)),
        );
    if (!changed.ok) return problemOf(c, changed);
    c.header('etag', etagOf(changed.value));
    return c.json(changed.value, 200);
  });
}
