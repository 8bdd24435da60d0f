/** The event log, page by page. */
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import { toCloudEvent } from '../../core/event/cloud-event.ts';
import { isOutside, seenUpTo } from '../../core/event/log-page.ts';
import * as z from 'zod';
import type { App } from '../http/app-env.ts';
import {
  AfterSchema,
  EventFilterSchema,
  readTypes,
  trimmedProblem,
  unknownTypeProblem,
} from '../use-cases/event-query.ts';
import { createRoute, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { EventPageSchema } from '../schemas/system.ts';

const events = createRoute({
  method: 'get',
  path: '/v1/events',
  'x-permission': 'read',
  tags: ['system'],
  summary: 'The event log as CloudEvents, oldest first',
  description: 'Who asks after a place that the log does not hold any more is answered 410 `events-trimmed`.',
  request: {
    query: EventFilterSchema.extend({
      after: AfterSchema.meta({ description: 'Events after this sequence; without it the newest.' }),
      limit: z.coerce.number<string>().int().min(1).max(1_000).default(100),
    }),
  },
  responses: { 200: jsonContent(EventPageSchema, '`nextCursor` is the `after` of the next page'), ...problemDefault },
});

export function mountEvents(app: App): void {
  app.openapi(events, async (c) => {
    const { after, types, subject = null, limit } = c.req.valid('query');
    const wanted = readTypes(types);
    if (wanted && 'unknown' in wanted) return unknownTypeProblem(c, wanted.unknown);
    const newest = after === undefined;
    const page = await coordinator().readLog({ after: after ?? 0, types: wanted, subject, limit, newest }, 0);
    if (after !== undefined && isOutside(after, page)) return trimmedProblem(c, after, page);
    const found = newest ? page.items.toReversed() : page.items;
    // Also where nothing was wanted of what it has passed: its place must not fall behind the log.
    const seen = newest ? page.newest : seenUpTo(page);
    const nextCursor = newest && page.newest === 0 ? null : String(seen);
    return c.json({ items: found.map(toCloudEvent), nextCursor }, 200);
  });
}
