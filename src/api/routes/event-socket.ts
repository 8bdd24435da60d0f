/** WebSocket route of the event log: authorizes the reader and hands the socket to the coordinator, which owns it. */
import { env } from 'cloudflare:workers';
import type { Context } from 'hono';
import * as z from 'zod';
import type { SocketRefusal, SocketRequest } from '../../coordinator/contract/socket-api.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import { AfterSchema, EventFilterSchema, readTypes, unknownTypeProblem } from '../use-cases/event-query.ts';
import { createRoute, problemDefault } from '../http/openapi-route.ts';
import { problemResponse } from '../http/problem.ts';
import { isCrossOriginSession, sessionRefOf } from '../auth/session.ts';

const socket = createRoute({
  method: 'get',
  path: '/v1/events/socket',
  'x-permission': 'read',
  tags: ['system'],
  summary: 'Follow events over WebSocket',
  description:
    'Each event once and in order, as a CloudEvent in JSON. Messages without `specversion` concern the socket itself. ' +
    'The reader acknowledges events: `{"type":"ack","sequence":"…"}`.',
  request: {
    query: EventFilterSchema.extend({
      after: AfterSchema.meta({ description: 'Only events after this sequence. Default: only new events.' }),
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
    const eventTypes = readTypes(types);
    if (eventTypes && 'unknown' in eventTypes) return unknownTypeProblem(c, eventTypes.unknown);
    if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') {
      c.header('upgrade', 'websocket');
      return problemResponse(c, 'upgrade-required', { detail: 'send Upgrade: websocket' });
    }
    // Any web page may open a socket to the coordinator, and the browser would send the session cookie.
    if (c.get('session') && (isCrossOriginSession(c) || c.req.header('origin') === undefined))
      return problemResponse(c, 'csrf-token-required', {
        detail: 'with a session, only the dashboard may follow events',
      });
    const session = c.get('session');
    const request: SocketRequest = {
      keyId: c.get('principal').keyId,
      digest: c.get('keyDigest'),
      session: session ? sessionRefOf(session) : null,
      after,
      types: eventTypes,
      subject,
    };
    return (await open(c, request)) as never;
  });
}

async function open(c: Context<AppEnv>, request: SocketRequest): Promise<Response> {
  const response = await env.SYSTEM_COORDINATOR.getByName('system').fetch('https://coordinator/event-socket', {
    headers: { upgrade: 'websocket', 'x-reader': encodeURIComponent(JSON.stringify(request)) },
  });
  if (response.webSocket) return new Response(null, { status: 101, webSocket: response.webSocket });
  const reason = (await response.text()) as SocketRefusal;
  return problemResponse(c, reason, reason === 'unauthorized' ? {} : { retryAfterSeconds: 10 });
}
