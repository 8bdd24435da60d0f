/** Route for outcomes of edge-routed work. The isolate sums them and sends them with its next refresh. */
import { sumOutcomes } from '../../core/component/work-outcome.ts';
import { readOutcomes } from '../../core/vital/work-report.ts';
import { isMissing, noteOutcomes } from '../../edge/snapshot-cache.ts';
import type { App } from '../http/app-env.ts';
import { forgetType, typesOf } from '../../edge/directory-cache.ts';
import { createRoute, jsonBody, jsonContent, mountVital, problemDefault } from '../http/openapi-route.ts';
import { problemResponse } from '../http/problem.ts';
import { readVitalBody, withWarnings } from '../http/vital-body.ts';
import { IdParamSchema } from '../schemas/common.ts';
import { OutcomesReceiptSchema, OutcomesSchema } from '../schemas/outcome.ts';

const report = createRoute({
  method: 'post',
  path: '/v1/components/{id}/outcomes',
  'x-permission': 'route',
  tags: ['routing'],
  summary: 'Report outcomes of edge-routed work',
  request: { params: IdParamSchema, body: jsonBody(OutcomesSchema) },
  responses: { 202: jsonContent(OutcomesReceiptSchema, 'Accepted'), ...problemDefault },
});

export function mountOutcomes(app: App): void {
  mountVital(app, report, async (c) => {
    const { id } = c.req.valid('param');
    const message = await readVitalBody(c, readOutcomes);
    if (message instanceof Response) return message;
    const { value: results, warnings } = message;
    const type = await typeOf(id);
    if (type === null) return problemResponse(c, 'unknown-component', { detail: `${id} is not registered` });
    const outcomes = sumOutcomes(results);
    // The last report is the most recent.
    const inFlight = results.findLast((result) => result.inFlight !== null)?.inFlight ?? null;
    noteOutcomes(type, id, outcomes, { inFlight, waitUntil: (work) => c.executionCtx.waitUntil(work) });
    return c.json(withWarnings({ accepted: results.length }, warnings), 202);
  });
}

/** Type of a component, without a call to a registry. Looks again if the cached snapshot of the type lacks the id. */
async function typeOf(id: string): Promise<string | null> {
  const [type = null] = await typesOf([id]);
  if (type === null || !isMissing(type, id) || !forgetType(id)) return type;
  const [known = null] = await typesOf([id]);
  return known;
}
