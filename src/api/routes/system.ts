/** Routes of system health and liveness. */
import * as z from 'zod';
import { toIso } from '../../core/component/resource.ts';
import type { App } from '../http/app-env.ts';
import type { CachedSystemHealth } from '../../edge/system-health-cache.ts';
import { readSystemHealth } from '../../edge/system-health-cache.ts';
import { createRoute, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { problemResponse } from '../http/problem.ts';
import { SystemHealthSchema } from '../schemas/system.ts';

const tags = ['system'];

const health = createRoute({
  method: 'get',
  path: '/v1/health',
  'x-permission': 'read',
  tags,
  summary: 'Read system health',
  description: 'Health of the system and of each type, with all issues.',
  responses: { 200: jsonContent(SystemHealthSchema, 'The health of the system'), ...problemDefault },
});

const live = createRoute({
  method: 'get',
  path: '/healthz',
  'x-permission': 'public',
  tags,
  summary: 'Check liveness of coordinator',
  description: 'Needs no key.',
  security: [],
  responses: { 200: jsonContent(z.object({ status: z.literal('ok') }), 'The coordinator responds') },
});

function toHealthResource({
  health: { status, components, byType, lastUpdate, issues },
  stale,
  ageMs,
}: CachedSystemHealth) {
  return {
    status,
    components,
    byType: Object.fromEntries(
      Object.entries(byType).map(([type, { status: typeStatus, routable, availability, counts }]) => [
        type,
        { status: typeStatus, routable, availability, ...counts },
      ]),
    ),
    lastUpdate: lastUpdate === null ? null : toIso(lastUpdate),
    stale,
    ageMs,
    issues: issues.map((issue) => ({ ...issue, since: toIso(issue.since) })),
  };
}

export function mountSystem(app: App): void {
  app.openapi(live, (c) => c.json({ status: 'ok' as const }, 200));

  app.openapi(health, async (c) => {
    const cached = await readSystemHealth(Date.now());
    if (!cached)
      return problemResponse(c, 'temporarily-unavailable', {
        detail: 'the coordinator is unreachable, and no earlier state is cached',
      });
    return c.json(toHealthResource(cached), 200);
  });
}
