/**
 * Takes a body in whole before the call counts as work: up to a size, and within a time, so that bodies
 * that never end hold up nobody else. A compressed one is refused: nothing here would unpack it.
 *
 * A key may be revoked while its body is on the way: after a slow one the caller is authenticated again.
 */
import type { Context, HonoRequest } from 'hono';
import type { AppEnv } from '../http/app-env.ts';
import type { Call } from '../http/call.ts';
import type { OpenBody } from '../http/open-bodies.ts';
import { MAX_READ_MS, closeBody, holdBytes, openBody } from '../http/open-bodies.ts';
import { problemResponse } from '../http/problem.ts';
import { authenticate } from './authenticate.ts';

/** Nothing larger is read; 500 heartbeats are larger than anything else. */
const MAX_BODY_BYTES = 65_536;
const MAX_BATCH_BYTES = 262_144;
/** The copy of the keys that the caller was checked by may be older than this by then. */
const CHECK_AGAIN_AFTER_MS = 1_000;

/** Keeps it where handlers and validators look for it. */
export function readBody(c: Context<AppEnv>): null | Response | Promise<Response | null> {
  if (c.req.method === 'GET') return null;
  const encoding = c.req.header('content-encoding');
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity')
    return problemResponse(c, 'unsupported-media-type', { detail: 'send the body without content-encoding' });
  return readText<Response | null>(c, {
    checkAgain: () => authenticate(c),
    use: (text) => {
      if (text !== null) keepBody(c.req, text);
      return null;
    },
  });
}

/** Where Hono looks first, handlers and validators with it. Its type says what the promise there resolves to. */
const keepBody = (request: HonoRequest, text: string): void => {
  const cache: Record<string, unknown> = request.bodyCache;
  cache['text'] = Promise.resolve(text);
};

interface Taking<T> {
  /** Authenticates the caller anew; what it answers ends the call. */
  readonly checkAgain: () => Promise<Response | null> | null;
  /** Gets the body as text, null where there is none. */
  readonly use: (text: string | null) => T | Promise<T>;
}

/** Resolves to what was made of the body, or to why the call ends here. Of promises there is one, because every call pays for it. */
export function readText<T>(c: Call, { checkAgain, use }: Taking<T>): Promise<T | Response> {
  const { raw, path } = c.req;
  const maxBytes = path === '/v1/heartbeats' ? MAX_BATCH_BYTES : MAX_BODY_BYTES;
  // The platform holds a body to the length it was told. Its stream is not looked at then: that costs much.
  const told = Number(c.req.header('content-length'));
  if (told > maxBytes) return Promise.resolve(tooLarge(c, maxBytes));
  if (!(told >= 0) && raw.body === null) return Promise.resolve(use(null));
  return new Promise((resolve) => {
    const openedAt = Date.now();
    const giveWay = (): void => resolve(tooSlow(c));
    const body: OpenBody = { keyId: c.get('principal').keyId, openedAt, heldBytes: told >= 0 ? told : 0, giveWay };
    openBody(body);
    const end = (text: string | null): void => {
      // It had to give way and is answered: nothing may be done with it any more.
      if (!closeBody(body)) return;
      if (text === null) return resolve(tooLarge(c, maxBytes));
      const isLate = Date.now() - openedAt >= CHECK_AGAIN_AFTER_MS;
      resolve(isLate ? useAfter(checkAgain, () => use(text)) : attempt(() => use(text)));
    };
    const breakOff = (): void => {
      closeBody(body);
      resolve(problemResponse(c, 'malformed-json', { detail: 'the body broke off' }));
    };
    const reading = told >= 0 ? raw.text() : readCounted(raw.body!, maxBytes, body);
    // The caller's line broke, or it said a length that it did not keep to.
    reading.then(end, breakOff);
  });
}

/** What throws rejects: nobody would hear of it where the body is read. */
function attempt<T>(use: () => T | Promise<T>): T | Promise<T> {
  try {
    return use();
  } catch (error) {
    return Promise.reject(error);
  }
}

async function useAfter<T>(check: Taking<T>['checkAgain'], use: () => T | Promise<T>): Promise<T | Response> {
  return (await check()) ?? use();
}

const tooLarge = (c: Call, maxBytes: number): Response =>
  problemResponse(c, 'payload-too-large', { detail: `at most ${maxBytes} bytes` });

const tooSlow = (c: Call): Response =>
  problemResponse(c, 'body-too-slow', { detail: `the body must be here within ${MAX_READ_MS} ms` });

/** Reads what has no length; null when it goes beyond the limit. Stops there, and when the body had to give way. */
async function readCounted(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  body: OpenBody,
): Promise<string | null> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const part of stream) {
    bytes += part.length;
    if (bytes > maxBytes) return null;
    holdBytes(body, part.length);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}
