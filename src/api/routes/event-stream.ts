/** Event log as a stream of server-sent events. */
import * as z from 'zod';
import { sequenceWatch } from '../../edge/sequence-watch.ts';
import type { App } from '../http/app-env.ts';
import { waitUntilOf } from '../http/call.ts';
import { AfterSchema, EventFilterSchema, readTypes, unknownTypeProblem } from '../use-cases/event-query.ts';
import { createRoute, problemDefault } from '../http/openapi-route.ts';
import { problemResponse } from '../http/problem.ts';
import { ReaderLimit } from '../../long-poll/reader-limit.ts';
import { recheckCaller } from '../auth/recheck-caller.ts';
import { isCrossOriginSession } from '../auth/session.ts';
import { EventStream } from '../use-cases/stream-events.ts';

const stream = createRoute({
  method: 'get',
  path: '/v1/events/stream',
  'x-permission': 'read',
  tags: ['system'],
  summary: 'Follow events over server-sent events',
  description:
    'Each event once and in order: `id` is the sequence, `data` a CloudEvent. `Last-Event-ID` takes precedence over ' +
    '`after`. Without both, only new events. The stream ends after about ten minutes, and the reader reconnects.',
  request: {
    query: EventFilterSchema.extend({
      after: AfterSchema.meta({ description: 'Only events after this sequence. Default: only new events.' }),
    }),
    headers: z.object({
      'last-event-id': z
        .string()
        .regex(/^\d{0,15}$/, 'not a sequence')
        .optional()
        .meta({ description: 'Last sequence seen before a reconnect.' }),
    }),
  },
  responses: {
    200: {
      description:
        'The stream. After `snapshot-required`, which replaces missing events, the reader must read a snapshot',
      content: { 'text/event-stream': { schema: z.string() } },
    },
    ...problemDefault,
  },
});

const MAX_DURATION_MS = { least: 540_000, spread: 60_000 };
const readerLimit = new ReaderLimit({ all: 1_000, perHolder: 600 });
const HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' };

export function mountEventStream(app: App): void {
  app.openapi(stream, async (c) => {
    const { after, types, subject = null } = c.req.valid('query');
    const eventTypes = readTypes(types);
    if (eventTypes && 'unknown' in eventTypes) return unknownTypeProblem(c, eventTypes.unknown);
    if (isCrossOriginSession(c))
      return problemResponse(c, 'csrf-token-required', {
        detail: 'with a session, only the dashboard may follow events',
      });
    if (c.req.method === 'HEAD') return new Response(null, { headers: HEADERS });
    const lastId = c.req.valid('header')['last-event-id'];
    const from = lastId ? Number(lastId) : after;
    const reader = readerLimit.enter(c.get('principal').accountId, waitUntilOf(c));
    if (typeof reader === 'string') return problemResponse(c, reader, { retryAfterSeconds: 10 });
    const newest = await sequenceWatch.read(reader);
    if (newest === null) {
      readerLimit.leave(reader);
      return problemResponse(c, 'temporarily-unavailable', { detail: 'the event log cannot be read right now' });
    }
    const position = from ?? newest;
    const { readable, writable } = new IdentityTransformStream();
    const eventStream = new EventStream(writable, {
      reader,
      position,
      isAtEnd: position === newest,
      filter: { types: eventTypes, subject },
      recheck: () => recheckCaller(c),
      maxDurationMs: MAX_DURATION_MS.least + Math.random() * MAX_DURATION_MS.spread,
    });
    c.executionCtx.waitUntil(eventStream.run().finally(() => readerLimit.leave(reader)));
    return new Response(readable, { headers: HEADERS });
  });
}
