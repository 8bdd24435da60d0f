/** Health routes of components: heartbeats, checks on demand, health reports. */
import { toIsoOrNull } from '../../core/component/resource.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import type { Context } from 'hono';
import { withRegistryOf } from '../../edge/directory-cache.ts';
import { createRoute, jsonBody, jsonContent, mountVital, optionalBody, problemDefault } from '../http/openapi-route.ts';
import { problemOf } from '../http/problem.ts';
import { readVitalBody, withWarnings } from '../http/vital-body.ts';
import type { ForwardedHeartbeat } from '../use-cases/forward-heartbeats.ts';
import { forwardHeartbeats } from '../use-cases/forward-heartbeats.ts';
import type { BatchedHeartbeat, Heartbeat } from '../../core/vital/heartbeat.ts';
import { readHeartbeat, readHeartbeats } from '../../core/vital/heartbeat.ts';
import { Warnings } from '../../core/vital/warnings.ts';
import { IdParamSchema } from '../schemas/common.ts';
import { HealthReportSchema } from '../schemas/health-report.ts';
import type { HeartbeatResultResource } from '../schemas/component.ts';
import {
  HeartbeatBatchSchema,
  HeartbeatResultSchema,
  HeartbeatResultsSchema,
  HeartbeatSchema,
  ProbeResultSchema,
} from '../schemas/component.ts';

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
    body: optionalBody(HeartbeatSchema),
  },
  responses: { 200: jsonContent(HeartbeatResultSchema, 'Recorded'), ...problemDefault },
});

const heartbeats = createRoute({
  method: 'post',
  path: '/v1/heartbeats',
  'x-permission': 'change-component',
  tags,
  summary: 'Send heartbeats of several components',
  description: 'At most 500 heartbeats. The response has one result per heartbeat: a faulty one refuses no other.',
  request: { body: jsonBody(HeartbeatBatchSchema) },
  responses: {
    200: jsonContent(HeartbeatResultsSchema, 'Results in the order of the request'),
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
  mountVital(app, heartbeat, async (c) => {
    const { id } = c.req.valid('param');
    const message = await readVitalBody(c, readHeartbeat);
    if (message instanceof Response) return message;
    const { value, warnings } = message;
    const [result] = await forwardHeartbeats(senderOf(c), [{ ...value, id }]);
    if (!result!.ok) return problemOf(c, result!);
    const { status, expiresAt } = result!.value;
    const unused = statusUnused(value, result!) ? [{ path: 'status', message: STATUS_UNUSED }] : [];
    return c.json(withWarnings({ status, expiresAt: toIsoOrNull(expiresAt) }, [...warnings, ...unused]), 200);
  });

  mountVital(app, heartbeats, async (c) => {
    const message = await readVitalBody(c, readHeartbeats);
    if (message instanceof Response) return message;
    const items = message.value;
    const readable = items.flatMap((item) => (item.ok ? [{ ...item.heartbeat, id: item.id }] : []));
    const received = (await forwardHeartbeats(senderOf(c), readable)).values();
    const warnings = new Warnings(message.warnings);
    const results = items.map((item, at) => {
      if (!item.ok) return unreadable(item);
      const result = received.next().value!;
      if (statusUnused(item.heartbeat, result)) warnings.add(`heartbeats[${at}].status`, STATUS_UNUSED);
      return toResult(item.id, result);
    });
    return c.json(withWarnings({ results }, warnings.list), 200);
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

const STATUS_UNUSED = 'ignored: the component registered no heartbeat.ttl, so its checks decide';

/** Whether the component stated a status that does not count: without a TTL nothing would ever end it. */
const statusUnused = ({ statesStatus }: Heartbeat, result: ForwardedHeartbeat): boolean =>
  statesStatus && result.ok && result.value.expiresAt === null;

const toResult = (id: string, result: ForwardedHeartbeat): HeartbeatResultResource =>
  result.ok
    ? { id, ok: true, expiresAt: toIsoOrNull(result.value.expiresAt), error: null }
    : { id, ok: false, expiresAt: null, error: { code: result.reason, message: result.message } };

const unreadable = ({ id, faults }: Extract<BatchedHeartbeat, { ok: false }>): HeartbeatResultResource => ({
  id,
  ok: false,
  expiresAt: null,
  error: { code: 'invalid-request', message: faults[0]?.message ?? 'not a heartbeat', errors: [...faults] },
});
