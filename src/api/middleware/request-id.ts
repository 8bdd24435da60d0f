/**
 * Every answer has an id, in `x-request-id` and in problem documents, so that a caller's log and ours can
 * be laid side by side. The caller's own is kept when it is a plain one.
 */
import type { Context } from 'hono';
import { requestId as honoRequestId } from 'hono/request-id';

const ACCEPTED = /^[\w-]{8,64}$/;

const takeOrMake = (c: Context): string => {
  const given = c.req.header('x-request-id');
  return given !== undefined && ACCEPTED.test(given) ? given : crypto.randomUUID();
};

// Hono's own test of an incoming id is wider than ours: with a length limit of 0 it passes none, and the
// generator decides alone.
export const requestId = honoRequestId({ limitLength: 0, generator: takeOrMake });
