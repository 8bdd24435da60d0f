/**
 * Takes a body in whole before the call counts as work: up to a size, and within a time, so that bodies
 * that never end hold up nobody else. A compressed one is refused: nothing here would unpack it.
 *
 * A key may be revoked while its body is on the way: after a slow one it is checked again.
 */
import type { Context, HonoRequest } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { AppEnv } from '../app-env.ts';
import { checkAgain } from '../check-key.ts';
import type { OpenBody } from '../open-bodies.ts';
import { closeBody, holdBytes, openBody } from '../open-bodies.ts';
import { problemResponse, refusal } from '../problem.ts';

/** Nothing larger is read; 500 heartbeats are larger than anything else. */
const MAX_BODY_BYTES = 65_536;
const MAX_BATCH_BYTES = 262_144;
const MAX_READ_MS = 10_000;
/** The copy of the keys that the caller was checked by may be older than this by then. */
const CHECK_AGAIN_AFTER_MS = 1_000;

export const takeBody = createMiddleware<AppEnv>(async (c, next) => {
  const encoding = c.req.header('content-encoding');
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity')
    return problemResponse(c, 'unsupported-media-type', { detail: 'send the body without content-encoding' });
  if (c.req.raw.body === null) return next();
  const maxBytes = c.req.path === '/v1/heartbeats' ? MAX_BATCH_BYTES : MAX_BODY_BYTES;
  const begunAt = Date.now();
  const taken = await readWithin(c, maxBytes);
  if (typeof taken !== 'string') return refuseBody(c, taken.reason, maxBytes);
  if (Date.now() - begunAt >= CHECK_AGAIN_AFTER_MS) {
    const checked = await checkAgain(c.get('principal').keyId, c.get('keyDigest'), c.env, (work) =>
      c.executionCtx.waitUntil(work),
    );
    if (!checked.ok) return refusal(c, checked);
  }
  keepBody(c.req, taken);
  return next();
});

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

/** The body as text, or why it was not taken. */
async function readWithin(c: Context<AppEnv>, maxBytes: number): Promise<string | Untaken> {
  const told = c.req.header('content-length');
  // The platform holds a body to the length it was told.
  if (told !== undefined && Number(told) > maxBytes) return { reason: 'too-large' };
  const late = Promise.withResolvers<Untaken>();
  const giveUp = (): void => late.resolve({ reason: 'too-slow' });
  const timer = setTimeout(giveUp, MAX_READ_MS);
  const body = openBody(c.get('principal').keyId, giveUp);
  try {
    return await Promise.race([
      told === undefined ? readCounted(c.req.raw.body!, maxBytes, body, late.promise) : readTold(c, Number(told), body),
      late.promise,
    ]);
  } catch {
    // The caller's line broke, or it said a length that it did not keep to: nothing else can throw here.
    return { reason: 'broke-off' };
  } finally {
    clearTimeout(timer);
    closeBody(body);
  }
}

function readTold(c: Context<AppEnv>, bytes: number, body: OpenBody): Promise<string> {
  holdBytes(body, bytes);
  return c.req.raw.text();
}

async function readCounted(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  body: OpenBody,
  late: Promise<Untaken>,
): Promise<string | Untaken> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (;;) {
    const part = await Promise.race([reader.read(), late]);
    if ('reason' in part) return stop(reader, part);
    if (part.done) return text + decoder.decode();
    bytes += part.value.length;
    if (bytes > maxBytes) return stop(reader, { reason: 'too-large' });
    holdBytes(body, part.value.length);
    text += decoder.decode(part.value, { stream: true });
  }
}

function stop(reader: ReadableStreamDefaultReader<Uint8Array>, why: Untaken): Untaken {
  // What is not read any more must not be sent any more; that it broke off changes nothing by now.
  reader.cancel().catch(() => undefined);
  return why;
}
