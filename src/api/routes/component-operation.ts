/** Route of operator actions on a component. */
import type { App } from '../http/app-env.ts';
import { awaitActionResult } from '../use-cases/await-action-result.ts';
import { actorOf } from '../auth/actor-of.ts';
import { withRegistryOf } from '../../edge/directory-cache.ts';
import { etagOf } from '../http/version-condition.ts';
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
  summary: 'Perform operator action',
  description: 'Drains, isolates, maintains, restores, switches over, restarts or scales a component.',
  request: { params: IdParamSchema, body: jsonBody(OperationSchema) },
  responses: {
    200: jsonContent(ComponentSchema, 'The component after the action. A repeated request has no further effect'),
    202: jsonContent(
      RecoverySchema,
      'For `restart` and `scale_up`: the recovery that performs the action, with the response of the controller if that ' +
        'came within 12 s',
    ),
    ...problemDefault,
  },
});

export function mountComponentOperation(app: App): void {
  app.openapi(act, async (c) => {
    const { id } = c.req.valid('param');
    const operation = c.req.valid('json');
    const { action, durationMs = null, idempotencyKey = null, reason = null, force = false } = operation;
    if (isControlAction(action)) {
      const requested = await withRegistryOf(c.get('accessScope'), id, (registry) =>
        registry.requestAction(id, { action, idempotencyKey, reason, force }, actorOf(c)),
      );
      if (!requested.ok) return problemOf(c, requested);
      return c.json(toRecoveryResource(await awaitActionResult(c.env.HISTORY, requested.value)), 202);
    }
    const until = readUntil(operation.until, Date.now());
    if (typeof until === 'string')
      return problemResponse(c, 'invalid-request', { errors: [{ path: 'until', message: until }] });
    const changed = isSwitch(action)
      ? await withRegistryOf(c.get('accessScope'), id, (registry) =>
          registry.switchTo(id, { action, force }, actorOf(c)),
        )
      : await withRegistryOf(c.get('accessScope'), id, (registry) =>
          registry.operate(id, { action, durationMs, until, reason }, actorOf(c)),
        );
    if (!changed.ok) return problemOf(c, changed);
    c.header('etag', etagOf(changed.value));
    return c.json(changed.value, 200);
  });
}
