/**
 * How large a body may be, counted while it is read where its length is not told beforehand. A compressed
 * one is refused: nothing here would unpack it, and its size says nothing.
 */
import { bodyLimit } from 'hono/body-limit';
import { createMiddleware } from 'hono/factory';
import { problemResponse } from '../problem.ts';

/** Nothing larger is read; 500 heartbeats are larger than anything else. */
const MAX_BODY_BYTES = 65_536;
const MAX_BATCH_BYTES = 262_144;

const upTo = (maxSize: number) =>
  bodyLimit({
    maxSize,
    onError: (c) => problemResponse(c, 'payload-too-large', { detail: `at most ${maxSize} bytes` }),
  });

const limitOne = upTo(MAX_BODY_BYTES);
const limitBatch = upTo(MAX_BATCH_BYTES);

export const limitBody = createMiddleware(async (c, next) => {
  const encoding = c.req.header('content-encoding');
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    return problemResponse(c, 'unsupported-media-type', { detail: 'send the body without content-encoding' });
  }
  try {
    return await (c.req.path === '/v1/heartbeats' ? limitBatch : limitOne)(c, next);
  } catch (error) {
    // What a handler throws is answered before it gets here: the body broke off while it was counted.
    if (!(error instanceof Error)) throw error;
    return problemResponse(c, 'malformed-json', { detail: 'the body broke off' });
  }
});
