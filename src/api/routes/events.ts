/** Route that lists the event log. */
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import { toCloudEvent } from '../../core/event/cloud-event.ts';
import { isOutsideLog, lastSeen } from '../../core/event/log-page.ts';
import type { App } from '../http/app-env.ts';
import {
  AfterSchema,
  EventFilterSchema,
  readTypes,
  trimmedProblem,
  unknownTypeProblem,
} from '../use-cases/event-query.ts';
import { createRoute, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { integerText } from '../schemas/common.ts';
import { EventPageSchema } from '../schemas/system.ts';

const events = createRoute({
  method: 'get',
  path: '/v1/events',
  'x-permission': 'read',
  tags: ['system'],
  summary: 'List events, oldest first',
  description: 'CloudEvents. If the log no longer has the events after `after`, the response is 410 `events-trimmed`.',
  request: {
    query: EventFilterSchema.extend({
      after: AfterSchema.meta({ description: 'Only events after this sequence. Default: the newest events.' }),
      limit: integerText(1, 1_000).default(100),
    }),
  },
  responses: { 200: jsonContent(EventPageSchema, '`nextCursor` is the `after` of the next page'), ...problemDefault },
});

export function mountEvents(app: App): void {
  app.openapi(events, async (c) => {
    const { after, types, subject = null, limit } = c.req.valid('query');
    const eventTypes = readTypes(types);
    if (eventTypes && 'unknown' in eventTypes) return unknownTypeProblem(c, eventTypes.unknown);
    const newest = after === undefined;
    const page = await coordinator().readLog({ after: after ?? 0, types: eventTypes, subject, limit, newest }, 0);
    if (after !== undefined && isOutsideLog(after, page)) return trimmedProblem(c, after, page);
    const found = newest ? page.items.toReversed() : page.items;
    // The cursor also passes filtered events, so that the position of a reader never falls behind the log.
    const seen = newest ? page.newest : lastSeen(page);
    const nextCursor = newest && page.newest === 0 ? null : String(seen);
    return c.json({ items: found.map(toCloudEvent), nextCursor }, 200);
  });
}
