/** Health routes of components: heartbeats, checks on demand, health reports. */
import * as z from 'zod';
import { toIso } from '../../core/component/resource.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import type { Context } from 'hono';
import { withRegistryOf } from '../../edge/directory-cache.ts';
import { createRoute, jsonBody, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { problemResponse, problemOf } from '../http/problem.ts';
import { forwardHeartbeats } from '../use-cases/forward-heartbeats.ts';
import { ComponentIdSchema } from '../../core/component/registration.ts';
import { IdParamSchema } from '../schemas/common.ts';
import { HealthReportSchema } from '../schemas/health-report.ts';
import { HeartbeatResultSchema, HeartbeatSchema, ProbeResultSchema } from '../schemas/component.ts';

const tags = ['health'];

const heartbeat = createRoute({
  method: 'post',
  path: '/v1/components/{id}/heartbeat',
  'x-permission': 'change-component',
  tags,
  summary: 'Send heartbeat',
  description: 'The component reports that it is alive, and optionally its status and load.',
  request: {
    params: IdParamSchema,
    body: { required: false, content: { 'application/json': { schema: HeartbeatSchema } } },
  },
  responses: { 200: jsonContent(HeartbeatResultSchema, 'Recorded'), ...problemDefault },
});

const MAX_HEARTBEATS = 500;
const BatchSchema = z
  .strictObject({
    heartbeats: z
      .array(HeartbeatSchema.extend({ id: ComponentIdSchema }))
      .min(1)
      .max(MAX_HEARTBEATS),
  })
  .meta({ id: 'HeartbeatBatch' });

const heartbeats = createRoute({
  method: 'post',
  path: '/v1/heartbeats',
  'x-permission': 'change-component',
  tags,
  summary: 'Send heartbeats of several components',
  description: 'At most 500 heartbeats. The response has one result per heartbeat.',
  request: { body: jsonBody(BatchSchema) },
  responses: {
    200: jsonContent(
      z.object({
        results: z.array(
          z.object({ id: z.string(), ok: z.boolean(), code: z.string().nullable(), expiresAt: z.string().nullable() }),
        ),
      }),
      'Results in the order of the request',
    ),
    ...problemDefault,
  },
});

const probe = createRoute({
  method: 'post',
  path: '/v1/components/{id}/probe',
  'x-permission': 'change-component',
  tags,
  summary: 'Check component now',
  request: { params: IdParamSchema },
  responses: { 200: jsonContent(ProbeResultSchema, 'The result of the check'), ...problemDefault },
});

const health = createRoute({
  method: 'get',
  path: '/v1/components/{id}/health',
  'x-permission': 'read-component',
  tags,
  summary: 'Read health report',
  description: 'Health of a component by checks and heartbeats, its lifecycle, and its availability.',
  request: { params: IdParamSchema },
  responses: { 200: jsonContent(HealthReportSchema, 'The health report'), ...problemDefault },
});

const senderOf = (c: Context<AppEnv>) => ({ scope: c.get('accessScope'), keyId: c.get('principal').keyId });

export function mountComponentHealth(app: App): void {
  app.openapi(heartbeat, async (c) => {
    const { id } = c.req.valid('param');
    // A heartbeat without a body reports a healthy component.
    const beat = c.req.header('content-type') ? c.req.valid('json') : HeartbeatSchema.parse({});
    const [result] = await forwardHeartbeats(senderOf(c), [{ ...beat, id }]);
    if (!result?.ok)
      return problemResponse(c, result?.reason ?? 'unknown-component', { detail: result?.message ?? id });
    return c.json({ status: result.value.status, expiresAt: toIso(result.value.expiresAt) }, 200);
  });

  app.openapi(heartbeats, async (c) => {
    const { heartbeats: beats } = c.req.valid('json');
    const receipts = await forwardHeartbeats(senderOf(c), beats);
    const results = beats.map(({ id }, at) => {
      const each = receipts[at];
      return each?.ok
        ? { id, ok: true, code: null, expiresAt: toIso(each.value.expiresAt) }
        : { id, ok: false, code: each?.reason ?? 'unknown-component', expiresAt: null };
    });
    return c.json({ results }, 200);
  });

  app.openapi(probe, async (c) => {
    const { id } = c.req.valid('param');
    const { accountId } = c.get('principal');
    const probed = await withRegistryOf(c.get('accessScope'), id, (registry, only) =>
      registry.probe(id, only, accountId),
    );
    if (!probed.ok) return problemOf(c, probed);
    const { outcome, responseTimeMs, error, health: after } = probed.value;
    return c.json({ outcome, responseTime: responseTimeMs, error, health: after }, 200);
  });

  app.openapi(health, async (c) => {
    const { id } = c.req.valid('param');
    const found = await withRegistryOf(c.get('accessScope'), id, (registry, only) => registry.healthReport(id, only));
    if (!found.ok) return problemOf(c, found);
    return c.json(found.value, 200);
  });
}
