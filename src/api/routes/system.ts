/** The system as a whole: health roll-up, event log, liveness. */
import * as z from 'zod';
import { coordinator } from '../../coordinator/coordinator-api.ts';
import { toIso } from '../../core/component/resource.ts';
import { toCloudEvent } from '../../core/event/cloud-event.ts';
import type { EventType } from '../../core/event/coordinator-event.ts';
import { EVENT_TYPES } from '../../core/event/coordinator-event.ts';
import type { App } from '../app-env.ts';
import type { HeardHealth } from '../heard-health.ts';
import { systemHealthHeard } from '../heard-health.ts';
import { createRoute, jsonContent, problemDefault } from '../openapi-route.ts';
import { problemResponse } from '../problem.ts';
import { EventPageSchema, SystemHealthSchema } from '../schemas/system.ts';

const tags = ['system'];

const health = createRoute({
  method: 'get',
  path: '/v1/health',
  'x-permission': 'read',
  tags,
  summary: 'Health of the whole system, with its issues',
  responses: { 200: jsonContent(SystemHealthSchema, 'The roll-up'), ...problemDefault },
});

const events = createRoute({
  method: 'get',
  path: '/v1/events',
  'x-permission': 'read',
  tags,
  summary: 'The event log as CloudEvents, oldest first',
  request: {
    query: z.object({
      after: z.coerce
        .number<string>()
        .int()
        .min(0)
        .optional()
        .meta({ description: 'Events after this sequence; without it the newest.' }),
      types: z.string().max(1_024).optional().meta({ description: 'Event types, separated by commas.' }),
      limit: z.coerce.number<string>().int().min(1).max(1_000).default(100),
    }),
  },
  responses: { 200: jsonContent(EventPageSchema, '`nextCursor` is the `after` of the next page'), ...problemDefault },
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

function toHealthResource({ health: { status, components, byType, lastUpdate, issues }, stale, ageMs }: HeardHealth) {
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
    const heard = await systemHealthHeard(Date.now());
    if (!heard)
      return problemResponse(c, 'temporarily-unavailable', {
        detail: 'the coordinator cannot be reached, and was not before',
      });
    return c.json(toHealthResource(heard), 200);
  });

  app.openapi(events, async (c) => {
    const { after, types, limit } = c.req.valid('query');
    const wanted = types?.split(',').map((type) => type.trim());
    const unknown = wanted?.find((type) => !EVENT_TYPES.includes(type as EventType));
    if (unknown !== undefined) {
      return problemResponse(c, 'invalid-request', {
        errors: [{ path: 'types', message: `unknown event type ${unknown.slice(0, 64)}` }],
      });
    }
    const newest = after === undefined;
    const found = await coordinator().events({
      after: after ?? 0,
      types: (wanted as EventType[] | undefined) ?? null,
      limit,
      newest,
    });
    const items = (newest ? found.toReversed() : found).map(toCloudEvent);
    return c.json({ items, nextCursor: items.at(-1)?.sequence ?? (after === undefined ? null : String(after)) }, 200);
  });
}
