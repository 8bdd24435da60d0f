/** Route for outcomes of edge-routed work. The isolate sums them and sends them with its next refresh. */
import { sumOutcomes } from '../../core/component/work-outcome.ts';
import { isMissing, noteOutcomes } from '../../edge/snapshot-cache.ts';
import type { App } from '../http/app-env.ts';
import { forgetType, typesOf } from '../../edge/directory-cache.ts';
import { createRoute, jsonBody, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { problemResponse } from '../http/problem.ts';
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
  app.openapi(report, async (c) => {
    const { id } = c.req.valid('param');
    const results = c.req.valid('json');
    const type = await typeOf(id);
    if (type === null) return problemResponse(c, 'unknown-component', { detail: `${id} is not registered` });
    const outcomes = sumOutcomes(results.map(({ outcome, latencyMs = null }) => ({ outcome, latencyMs })));
    // The last report is the most recent.
    const inFlight = results.findLast((result) => result.inFlight !== undefined)?.inFlight ?? null;
    noteOutcomes(type, id, outcomes, { inFlight, waitUntil: (work) => c.executionCtx.waitUntil(work) });
    return c.json({ accepted: results.length }, 202);
  });
}

/** Type of a component, without a call to a registry. Looks again if the cached snapshot of the type lacks the id. */
async function typeOf(id: string): Promise<string | null> {
  const [type = null] = await typesOf([id]);
  if (type === null || !isMissing(type, id) || !forgetType(id)) return type;
  const [known = null] = await typesOf([id]);
  return known;
}
