/**
 * Reads the whole request body, within size and time limits, before load shedding counts the call. A body that never
 * ends therefore blocks no other call. A compressed body is refused, because nothing decompresses it.
 *
 * After a slow body the caller is authenticated again: its key may have been revoked meanwhile.
 */
import type { Context, HonoRequest } from 'hono';
import type { AppEnv } from '../http/app-env.ts';
import type { Call } from '../http/call.ts';
import type { OpenBody } from '../http/open-bodies.ts';
import { MAX_READ_MS, closeBody, growBody, openBody } from '../http/open-bodies.ts';
import { problemResponse } from '../http/problem.ts';
import { authenticate } from './authenticate.ts';

/** Size limit of all bodies but batches of heartbeats. */
const MAX_BODY_BYTES = 65_536;
/** Size limit of a batch of up to 500 heartbeats, the largest body of the API. */
const MAX_BATCH_BYTES = 262_144;
/** Duration of the read after which the first check of the caller counts as outdated. */
const REAUTHENTICATE_AFTER_MS = 1_000;

/** Reads the body as text and stores it for handlers and validators. */
export function readBody(c: Context<AppEnv>): null | Response | Promise<Response | null> {
  if (c.req.method === 'GET') return null;
  const encoding = c.req.header('content-encoding');
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity')
    return problemResponse(c, 'unsupported-media-type', { detail: 'send the body without content-encoding' });
  return readText<Response | null>(c, {
    reauthenticate: () => authenticate(c),
    use: (text) => {
      const isEmpty = text === null || text.trim() === '';
      switch (c.get('declaredRoute')?.body) {
        case 'none':
          return isEmpty || EMPTY_VALUES.has(text.trim()) ? null : noBodyExpected(c);
        case 'optional':
          if (isEmpty) readAsEmptyObject(c.req);
          else cacheBody(c.req, text);
          return null;
        default:
          if (text !== null) cacheBody(c.req, text);
          return null;
      }
    },
  });
}

/** Bodies that clients send with every POST, and that say nothing. */
const EMPTY_VALUES: ReadonlySet<string> = new Set(['{}', 'null']);

/** A body that the call ignores may hold the grace period of a removal. */
const noBodyExpected = (c: Context<AppEnv>): Response =>
  problemResponse(c, 'invalid-request', { errors: [{ path: '', message: 'the call takes no body' }] });

/** Gives a call without a body the empty object, under any content type, so that validators apply the defaults. */
function readAsEmptyObject(request: HonoRequest): void {
  const { url, method, headers } = request.raw;
  const withType = new Headers(headers);
  withType.set('content-type', 'application/json');
  request.raw = new Request(url, { method, headers: withType });
  cacheBody(request, '{}');
}

/** Stores the text in Hono's body cache. The declared type of the cache is the resolved value, not the promise. */
const cacheBody = (request: HonoRequest, text: string): void => {
  const cache: Record<string, unknown> = request.bodyCache;
  cache['text'] = Promise.resolve(text);
};

interface BodyHandling<T> {
  /** Authenticates the caller again. A response ends the call. */
  readonly reauthenticate: () => Promise<Response | null> | null;
  /** Receives the body as text, null when there is none. */
  readonly use: (text: string | null) => T | Promise<T>;
}

/**
 * Reads the body and resolves to the result of `use`, or to the problem response that ends the call. Creates a single
 * promise, because every call pays for each one.
 */
export function readText<T>(c: Call, { reauthenticate, use }: BodyHandling<T>): Promise<T | Response> {
  const { raw, path } = c.req;
  const maxBytes = path === '/v1/heartbeats' ? MAX_BATCH_BYTES : MAX_BODY_BYTES;
  // The runtime enforces Content-Length. Accessing the stream is expensive, so a declared length avoids it.
  const declaredLength = Number(c.req.header('content-length'));
  if (declaredLength > maxBytes) return Promise.resolve(tooLarge(c, maxBytes));
  if (!(declaredLength >= 0) && raw.body === null) return Promise.resolve(use(null));
  return new Promise((resolve) => {
    const openedAt = Date.now();
    const onEvicted = (): void => resolve(tooSlow(c));
    const body: OpenBody = {
      accountId: c.get('principal').accountId,
      openedAt,
      bufferedBytes: declaredLength >= 0 ? declaredLength : 0,
      onEvicted,
    };
    openBody(body);
    const finish = (text: string | null): void => {
      // Already evicted, so the caller has a response: the body must not be used.
      if (!closeBody(body)) return;
      if (text === null) return resolve(tooLarge(c, maxBytes));
      const isLate = Date.now() - openedAt >= REAUTHENTICATE_AFTER_MS;
      resolve(isLate ? reauthenticateThen(reauthenticate, () => use(text)) : callSafely(() => use(text)));
    };
    const abort = (): void => {
      closeBody(body);
      resolve(problemResponse(c, 'malformed-json', { detail: 'the body ended before it was complete' }));
    };
    const reading = declaredLength >= 0 ? raw.text() : readBounded(raw.body!, maxBytes, body);
    // A rejection means a broken connection, or a body that does not match its Content-Length.
    reading.then(finish, abort);
  });
}

/** Turns a thrown error into a rejection: an exception in the callback of the read would be lost. */
function callSafely<T>(use: () => T | Promise<T>): T | Promise<T> {
  try {
    return use();
  } catch (error) {
    return Promise.reject(error);
  }
}

async function reauthenticateThen<T>(
  check: BodyHandling<T>['reauthenticate'],
  use: () => T | Promise<T>,
): Promise<T | Response> {
  return (await check()) ?? use();
}

const tooLarge = (c: Call, maxBytes: number): Response =>
  problemResponse(c, 'payload-too-large', { detail: `at most ${maxBytes} bytes` });

const tooSlow = (c: Call): Response =>
  problemResponse(c, 'body-too-slow', { detail: `the body must arrive within ${MAX_READ_MS} ms` });

/** Reads a body without Content-Length; null when it exceeds `maxBytes`, where reading stops. */
async function readBounded(
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
    growBody(body, part.length);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}
