/** Routes of failures: reports by callers, the list and the statistics from the history. */
import { toIso } from '../../core/component/resource.ts';
import { bucketRange } from '../../core/failure/bucket-range.ts';
import { readFailureReport } from '../../core/vital/failure-report.ts';
import { listFailures } from '../../history/failure-history.ts';
import { bucketFailures, totalFailures } from '../../history/failure-stats.ts';
import { countRunningRecoveries } from '../../history/recovery-history.ts';
import type { App } from '../http/app-env.ts';
import { failureResource } from '../resources/failure-resource.ts';
import { encodeListCursor } from '../http/cursor.ts';
import { actorOf } from '../auth/actor-of.ts';
import { withRegistryOf } from '../../edge/directory-cache.ts';
import { currentConfig } from '../use-cases/current-config.ts';
import { fromIso } from '../http/from-iso.ts';
import { readHistory, readHistoryPage } from '../use-cases/read-history.ts';
import { createRoute, jsonBody, jsonContent, mountVital, problemDefault } from '../http/openapi-route.ts';
import { problemResponse, problemOf } from '../http/problem.ts';
import { readVitalBody, withWarnings } from '../http/vital-body.ts';
import { IdParamSchema } from '../schemas/common.ts';
import {
  FailurePageSchema,
  FailureReceiptSchema,
  FailureReportSchema,
  FailureStatsSchema,
  FailureQuerySchema,
  FailureStatsQuerySchema,
} from '../schemas/failure.ts';

const tags = ['failures'];

const report = createRoute({
  method: 'post',
  path: '/v1/components/{id}/failures',
  'x-permission': 'report',
  tags,
  summary: 'Report failure',
  description: 'A caller reports that a component failed at its work. Enough failures start a recovery.',
  request: { params: IdParamSchema, body: jsonBody(FailureReportSchema) },
  responses: {
    202: jsonContent(FailureReceiptSchema, 'Recorded, with the resulting count and recovery'),
    ...problemDefault,
  },
});

const list = createRoute({
  method: 'get',
  path: '/v1/failures',
  'x-permission': 'read',
  tags,
  summary: 'List failures, newest first',
  request: { query: FailureQuerySchema },
  responses: { 200: jsonContent(FailurePageSchema, 'A page of failures'), ...problemDefault },
});

const stats = createRoute({
  method: 'get',
  path: '/v1/failures/stats',
  'x-permission': 'read',
  tags,
  summary: 'Read failure statistics',
  description: 'Counts of failures, with `bucket` also over time.',
  request: { query: FailureStatsQuerySchema },
  responses: { 200: jsonContent(FailureStatsSchema, 'Totals over the stored failures that match'), ...problemDefault },
});

export function mountFailures(app: App): void {
  mountVital(app, report, async (c) => {
    const { id } = c.req.valid('param');
    const message = await readVitalBody(c, readFailureReport);
    if (message instanceof Response) return message;
    const { error, context } = message.value;
    const reported = await withRegistryOf(c.get('accessScope'), id, (registry, only) =>
      registry.reportFailure(id, error, context, only, actorOf(c).keyId),
    );
    if (!reported.ok) return problemOf(c, reported);
    const { recorded: _, ...receipt } = reported.value;
    return c.json(withWarnings(receipt, message.warnings), 202);
  });

  app.openapi(list, async (c) => {
    const { limit, cursor, since, until, ...filters } = c.req.valid('query');
    const filter = { ...filters, since: fromIso(since), until: fromIso(until) };
    const page = await readHistoryPage(c, { limit, cursor }, (request) => listFailures(c.env.HISTORY, filter, request));
    if (!page.ok) return page.problem;
    const items = page.value.items.map(failureResource);
    return c.json({ items, nextCursor: encodeListCursor(page.value.next) }, 200);
  });

  app.openapi(stats, async (c) => {
    const { bucket, since, until, ...filters } = c.req.valid('query');
    const filter = { ...filters, since: fromIso(since), until: fromIso(until) };
    const now = Date.now();
    const range = bucket === undefined ? null : bucketRange(bucket, filter, now);
    if (range && !range.ok)
      return problemResponse(c, 'invalid-request', { errors: [{ path: 'since', message: range.message }] });
    const { global } = await currentConfig(c);
    const read = await readHistory(c, async () =>
      Promise.all([
        totalFailures(c.env.HISTORY, filter, { now, windowMs: global.failureWindow }),
        countRunningRecoveries(c.env.HISTORY),
        range ? bucketFailures(c.env.HISTORY, filter, range.value) : [],
      ]),
    );
    if (!read.ok) return read.problem;
    const [totals, activeRecoveries, found] = read.value;
    const buckets = found.map((each) => ({ ...each, start: toIso(each.start) }));
    return c.json({ ...totals, activeRecoveries, buckets }, 200);
  });
}
