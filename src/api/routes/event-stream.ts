/** The event log as it goes on, as server-sent events. */
import * as z from 'zod';
import { sequenceWatch } from '../../edge/sequence-watch.ts';
import type { App } from '../http/app-env.ts';
import { waitUntilOf } from '../http/call.ts';
import { AfterSchema, EventFilterSchema, readTypes, unknownTypeProblem } from '../use-cases/event-query.ts';
import { createRoute, problemDefault } from '../http/openapi-route.ts';
import { problemResponse } from '../http/problem.ts';
import { ConcurrencyLimit } from '../../long-poll/reader-limit.ts';
import { recheckCaller } from '../auth/recheck-caller.ts';
import { isCrossSite } from '../auth/session.ts';
import { EventStream } from '../use-cases/stream-events.ts';

const stream = createRoute({
  method: 'get',
  path: '/v1/events/stream',
  'x-permission': 'read',
  tags: ['system'],
  summary: 'The event log as it goes on (server-sent events)',
  description:
    'Each event once and in order, its `id` the sequence, its `data` a CloudEvent. `Last-Event-ID` goes before `after`; ' +
    'without either from now on. Ends after about ten minutes, for the reader to come again.',
  request: {
    query: EventFilterSchema.extend({
      after: AfterSchema.meta({ description: 'Events after this sequence; without it those to come.' }),
    }),
    headers: z.object({
      'last-event-id': z
        .string()
        .regex(/^\d{0,15}$/, 'not a sequence')
        .optional()
        .meta({ description: 'What a reader that comes again has seen last.' }),
    }),
  },
  responses: {
    200: {
      description: '`snapshot-required` is sent where events are missing; what comes after it joins on to a snapshot',
      content: { 'text/event-stream': { schema: z.string() } },
    },
    ...problemDefault,
  },
});

const FOR_MS = { least: 540_000, spread: 60_000 };
const room = new ConcurrencyLimit({ all: 1_000, ofKey: 600 });
const HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' };

export function mountEventStream(app: App): void {
  app.openapi(stream, async (c) => {
    const { after, types, subject = null } = c.req.valid('query');
    const wanted = readTypes(types);
    if (wanted && 'unknown' in wanted) return unknownTypeProblem(c, wanted.unknown);
    if (isCrossSite(c))
      return problemResponse(c, 'csrf-token-required', { detail: 'with a session, only our own page may follow' });
    if (c.req.method === 'HEAD') return new Response(null, { headers: HEADERS });
    const lastId = c.req.valid('header')['last-event-id'];
    const from = lastId ? Number(lastId) : after;
    const reader = room.enter(c.get('principal').keyId, waitUntilOf(c));
    if (typeof reader === 'string') return problemResponse(c, reader, { retryAfterSeconds: 10 });
    const newest = await sequenceWatch.read(reader);
    if (newest === null) {
      room.leave(reader);
      return problemResponse(c, 'temporarily-unavailable', { detail: 'the event log cannot be read right now' });
    }
    const place = from ?? newest;
    const { readable, writable } = new IdentityTransformStream();
    const running = new EventStream(writable, {
      reader,
      place,
      isAtEnd: place === newest,
      filter: { types: wanted, subject },
      recheck: () => recheckCaller(c),
      forMs: FOR_MS.least + Math.random() * FOR_MS.spread,
    });
    c.executionCtx.waitUntil(running.run().finally(() => room.leave(reader)));
    return new Response(readable, { headers: HEADERS });
  });
}
