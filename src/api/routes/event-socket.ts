/** The event log as it goes on, over a WebSocket that the coordinator holds: this lets the reader in and hands it on. */
import { env } from 'cloudflare:workers';
import type { Context } from 'hono';
import * as z from 'zod';
import type { SocketRefusal, SocketRequest } from '../../coordinator/contract/socket-api.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import { AfterSchema, EventFilterSchema, readTypes, unknownTypeProblem } from '../use-cases/event-query.ts';
import { createRoute, problemDefault } from '../http/openapi-route.ts';
import { problemResponse } from '../http/problem.ts';
import { isCrossSite, refOf } from '../auth/session.ts';

const socket = createRoute({
  method: 'get',
  path: '/v1/events/socket',
  'x-permission': 'read',
  tags: ['system'],
  summary: 'The event log as it goes on (WebSocket)',
  description:
    'Each event once and in order, a CloudEvent in JSON; messages without `specversion` are about the socket itself. ' +
    'The reader acknowledges what it has read: `{"type":"ack","sequence":"…"}`.',
  request: {
    query: EventFilterSchema.extend({
      after: AfterSchema.meta({ description: 'Events after this sequence; without it those to come.' }),
    }),
  },
  responses: {
    101: { description: 'The socket is open', content: { 'text/plain': { schema: z.string() } } },
    ...problemDefault,
  },
});

export function mountEventSocket(app: App): void {
  app.openapi(socket, async (c) => {
    const { after = null, types, subject = null } = c.req.valid('query');
    const wanted = readTypes(types);
    if (wanted && 'unknown' in wanted) return unknownTypeProblem(c, wanted.unknown);
    if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') {
      c.header('upgrade', 'websocket');
      return problemResponse(c, 'upgrade-required', { detail: 'send Upgrade: websocket' });
    }
    // A page of anybody may open a socket to us, and the browser would send the cookie along.
    if (c.get('session') && (isCrossSite(c) || c.req.header('origin') === undefined))
      return problemResponse(c, 'csrf-token-required', { detail: 'with a session, only our own page may follow' });
    const session = c.get('session');
    const request: SocketRequest = {
      keyId: c.get('principal').keyId,
      digest: c.get('keyDigest'),
      session: session ? refOf(session) : null,
      after,
      types: wanted,
      subject,
    };
    return (await open(c, request)) as never;
  });
}

async function open(c: Context<AppEnv>, request: SocketRequest): Promise<Response> {
  const answer = await env.SYSTEM_COORDINATOR.getByName('system').fetch('https://coordinator/event-socket', {
    headers: { upgrade: 'websocket', 'x-reader': encodeURIComponent(JSON.stringify(request)) },
  });
  if (answer.webSocket) return new Response(null, { status: 101, webSocket: answer.webSocket });
  const reason = (await answer.text()) as SocketRefusal;
  return problemResponse(c, reason, reason === 'unauthorized' ? {} : { retryAfterSeconds: 10 });
}
