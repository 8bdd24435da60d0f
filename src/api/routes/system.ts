/** The system as a whole: health roll-up, liveness. */
import * as z from 'zod';
import { toIso } from '../../core/component/resource.ts';
import type { App } from '../http/app-env.ts';
import type { CachedSystemHealth } from '../../edge/system-health-cache.ts';
import { lastSystemHealth } from '../../edge/system-health-cache.ts';
import { createRoute, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { problemResponse } from '../http/problem.ts';
import { SystemHealthSchema } from '../schemas/system.ts';

const tags = ['system'];

const health = createRoute({
  method: 'get',
  path: '/v1/health',
  'x-permission': 'read',
  tags,
  summary: 'Health of the whole system, with its issues',
  responses: { 200: jsonContent(SystemHealthSchema, 'The roll-up'), ...problemDefault },
});

const live = createRoute({
  method: 'get',
  path: '/healthz',
  'x-permission': 'public',
  tags,
  summary: 'Liveness of the coordinator itself; needs no key',
  security: [],
  responses: { 200: jsonContent(z.object({ status: z.literal('ok') }), 'It answers') },
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
    const heard = await lastSystemHealth(Date.now());
    if (!heard)
      return problemResponse(c, 'temporarily-unavailable', {
        detail: 'the coordinator cannot be reached, and was not before',
      });
    return c.json(toHealthResource(heard), 200);
  });
}
