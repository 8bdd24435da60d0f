/** A component's signs of life: heartbeat, probe on demand, health. */
import * as z from 'zod';
import { toIso } from '../../core/component/resource.ts';
import type { App } from '../http/app-env.ts';
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
  summary: 'Say that a component lives, and how busy it is',
  request: {
    params: IdParamSchema,
    body: { required: false, content: { 'application/json': { schema: HeartbeatSchema } } },
  },
  responses: { 200: jsonContent(HeartbeatResultSchema, 'Taken'), ...problemDefault },
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
  summary: 'Heartbeats of up to 500 components, with a result for each',
  request: { body: jsonBody(BatchSchema) },
  responses: {
    200: jsonContent(
      z.object({
        results: z.array(
          z.object({ id: z.string(), ok: z.boolean(), code: z.string().nullable(), expiresAt: z.string().nullable() }),
        ),
      }),
      'In the order sent',
    ),
    ...problemDefault,
  },
});

const probe = createRoute({
  method: 'post',
  path: '/v1/components/{id}/probe',
  'x-permission': 'change-component',
  tags,
  summary: 'Check a component now',
  request: { params: IdParamSchema },
  responses: { 200: jsonContent(ProbeResultSchema, 'The result of the check'), ...problemDefault },
});

const health = createRoute({
  method: 'get',
  path: '/v1/components/{id}/health',
  'x-permission': 'read-component',
  tags,
  summary: 'All that is known of how a component is, and how available it was',
  request: { params: IdParamSchema },
  responses: { 200: jsonContent(HealthReportSchema, 'Its health'), ...problemDefault },
});

export function mountComponentHealth(app: App): void {
  app.openapi(heartbeat, async (c) => {
    const { id } = c.req.valid('param');
    // Without a body it is a plain sign of life.
    const beat = c.req.header('content-type') ? c.req.valid('json') : HeartbeatSchema.parse({});
    const [taken] = await forwardHeartbeats(c.get('reach'), [{ ...beat, id }]);
    if (!taken?.ok) return problemResponse(c, taken?.reason ?? 'unknown-component', { detail: taken?.message ?? id });
    return c.json({ status: taken.value.status, expiresAt: toIso(taken.value.expiresAt) }, 200);
  });

  app.openapi(heartbeats, async (c) => {
    const { heartbeats: beats } = c.req.valid('json');
    const taken = await forwardHeartbeats(c.get('reach'), beats);
    const results = beats.map(({ id }, at) => {
      const result = taken[at];
      return result?.ok
        ? { id, ok: true, code: null, expiresAt: toIso(result.value.expiresAt) }
        : { id, ok: false, code: result?.reason ?? 'unknown-component', expiresAt: null };
    });
    return c.json({ results }, 200);
  });

  app.openapi(probe, async (c) => {
    const { id } = c.req.valid('param');
    const probed = await withRegistryOf(c.get('reach'), id, (registry, only) => registry.probe(id, only));
    if (!probed.ok) return problemOf(c, probed);
    const { outcome, responseTimeMs, error, health: after } = probed.value;
    return c.json({ outcome, responseTime: responseTimeMs, error, health: after }, 200);
  });

  app.openapi(health, async (c) => {
    const { id } = c.req.valid('param');
    const found = await withRegistryOf(c.get('reach'), id, (registry, only) => registry.healthReport(id, only));
    if (!found.ok) return problemOf(c, found);
    return c.json(found.value, 200);
  });
}
