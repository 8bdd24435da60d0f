/**
 * Takes a body in whole before the call counts as work: up to a size, and within a time, so that bodies
 * that never end hold up nobody else. A compressed one is refused: nothing here would unpack it.
 *
 * A key may be revoked while its body is on the way: after a slow one the caller is authenticated again.
 */
import type { Context, HonoRequest } from 'hono';
import type { AppEnv } from '../app-env.ts';
import type { Guard } from '../guard.ts';
import type { OpenBody } from '../open-bodies.ts';
import { MAX_READ_MS, closeBody, holdBytes, openBody } from '../open-bodies.ts';
import { problemResponse } from '../problem.ts';
import { authenticate } from './authenticate.ts';

/** Nothing larger is read; 500 heartbeats are larger than anything else. */
const MAX_BODY_BYTES = 65_536;
const MAX_BATCH_BYTES = 262_144;
/** The copy of the keys that the caller was checked by may be older than this by then. */
const CHECK_AGAIN_AFTER_MS = 1_000;

export const takeBody: Guard = (c) => {
  if (c.req.method === 'GET') return null;
  const encoding = c.req.header('content-encoding');
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity')
    return problemResponse(c, 'unsupported-media-type', { detail: 'send the body without content-encoding' });
  return take(c);
};

async function take(c: Context<AppEnv>): Promise<Response | null> {
  const maxBytes = c.req.path === '/v1/heartbeats' ? MAX_BATCH_BYTES : MAX_BODY_BYTES;
  const begunAt = Date.now();
  const taken = await read(c, maxBytes, begunAt);
  if (taken === null) return null;
  if (typeof taken !== 'string') return refuseBody(c, taken.reason, maxBytes);
  if (Date.now() - begunAt >= CHECK_AGAIN_AFTER_MS) {
    const refused = await authenticate(c);
    if (refused) return refused;
  }
  keepBody(c.req, taken);
  return null;
}

/** Where Hono looks first, handlers and validators with it. Its type says what the promise there resolves to. */
const keepBody = (request: HonoRequest, text: string): void => {
  const cache: Record<string, unknown> = request.bodyCache;
  cache['text'] = Promise.resolve(text);
};

type Fault = 'too-large' | 'too-slow' | 'broke-off';
interface Untaken {
  readonly reason: Fault;
}

function refuseBody(c: Context<AppEnv>, reason: Fault, maxBytes: number): Response {
  switch (reason) {
    case 'too-large':
      return problemResponse(c, 'payload-too-large', { detail: `at most ${maxBytes} bytes` });
    case 'too-slow':
      return problemResponse(c, 'body-too-slow', { detail: `the body must be here within ${MAX_READ_MS} ms` });
    case 'broke-off':
      return problemResponse(c, 'malformed-json', { detail: 'the body broke off' });
    default:
      return reason satisfies never;
  }
}

type Taken = string | Untaken | null;

/** The body as text, or why it was not taken; null when there is none. */
function read(c: Context<AppEnv>, maxBytes: number, openedAt: number): Promise<Taken> | Taken {
  const { raw } = c.req;
  // The platform holds a body to the length it was told. Its stream is not looked at then: that costs much.
  const told = Number(c.req.header('content-length'));
  if (told > maxBytes) return { reason: 'too-large' };
  if (!(told >= 0) && raw.body === null) return null;
  return new Promise((resolve) => {
    const giveWay = (): void => resolve({ reason: 'too-slow' });
    const body: OpenBody = { keyId: c.get('principal').keyId, openedAt, heldBytes: 0, isClosed: false, giveWay };
    const end = (taken: Taken): void => {
      closeBody(body);
      resolve(taken);
    };
    openBody(body);
    if (told >= 0) holdBytes(body, told);
    const reading = told >= 0 ? raw.text() : readCounted(raw.body!, maxBytes, body);
    // The caller's line broke, or it said a length that it did not keep to.
    reading.then(end, () => end({ reason: 'broke-off' }));
  });
}

/** Reads what has no length; stops at the limit, and when the body had to give way. */
async function readCounted(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  body: OpenBody,
): Promise<string | Untaken> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const part of stream) {
    bytes += part.length;
    if (bytes > maxBytes) return { reason: 'too-large' };
    holdBytes(body, part.length);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}
