/** Routes of recoveries: list, read, cancel. */
import * as z from 'zod';
import { findRecovery, listRecoveries } from '../../history/recovery-history.ts';
import { registryOf } from '../../registry/contract/registry-api.ts';
import type { App } from '../http/app-env.ts';
import { actorOf } from '../auth/actor-of.ts';
import { encodeListCursor } from '../http/cursor.ts';
import { createRoute, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { problemResponse } from '../http/problem.ts';
import { toRecoveryResource } from '../resources/recovery-resource.ts';
import { readHistory, readHistoryPage } from '../use-cases/read-history.ts';
import { PageQuerySchema } from '../schemas/common.ts';
import { RECOVERY_STATUSES, RecoveryPageSchema, RecoverySchema } from '../schemas/failure.ts';

const tags = ['recoveries'];
const params = z.object({ id: z.string().regex(/^r-[0-9a-f]{32}$/, 'not a recovery id') });

const list = createRoute({
  method: 'get',
  path: '/v1/recoveries',
  'x-permission': 'read',
  tags,
  summary: 'List recoveries, newest first',
  request: {
    query: PageQuerySchema.extend({
      componentId: z.string().max(128).optional(),
      componentType: z.string().max(64).optional(),
      status: z.enum(RECOVERY_STATUSES).optional(),
    }),
  },
  responses: { 200: jsonContent(RecoveryPageSchema, 'A page of recoveries'), ...problemDefault },
});

const read = createRoute({
  method: 'get',
  path: '/v1/recoveries/{id}',
  'x-permission': 'read',
  tags,
  summary: 'Read recovery',
  request: { params },
  responses: { 200: jsonContent(RecoverySchema, 'The recovery'), ...problemDefault },
});

const cancel = createRoute({
  method: 'post',
  path: '/v1/recoveries/{id}/cancel',
  'x-permission': 'operate',
  tags,
  summary: 'Cancel recovery',
  request: { params },
  responses: { 202: jsonContent(RecoverySchema, 'The recovery, which ends before its next action'), ...problemDefault },
});

export function mountRecoveries(app: App): void {
  app.openapi(list, async (c) => {
    const { limit, cursor, ...filter } = c.req.valid('query');
    const page = await readHistoryPage(c, { limit, cursor }, (request) =>
      listRecoveries(c.env.HISTORY, filter, request),
    );
    if (!page.ok) return page.problem;
    return c.json(
      { items: page.value.items.map(toRecoveryResource), nextCursor: encodeListCursor(page.value.next) },
      200,
    );
  });

  app.openapi(read, async (c) => {
    const { id } = c.req.valid('param');
    const found = await readHistory(c, () => findRecovery(c.env.HISTORY, id));
    if (!found.ok) return found.problem;
    if (!found.value) return problemResponse(c, 'not-found', { detail: `there is no recovery ${id}` });
    return c.json(toRecoveryResource(found.value), 200);
  });

  app.openapi(cancel, async (c) => {
    const { id } = c.req.valid('param');
    const found = await readHistory(c, () => findRecovery(c.env.HISTORY, id));
    if (!found.ok) return found.problem;
    if (!found.value) return problemResponse(c, 'not-found', { detail: `there is no recovery ${id}` });
    const { componentId, componentType, status } = found.value;
    const cancelled = await registryOf(componentType).cancelRecovery(componentId, id, actorOf(c));
    // The registry only knows the last recovery of a component. The history knows all.
    if (!cancelled.ok && status !== 'cancelled')
      return problemResponse(c, 'not-recovering', { detail: cancelled.message });
    return c.json(toRecoveryResource(found.value), 202);
  });
}
