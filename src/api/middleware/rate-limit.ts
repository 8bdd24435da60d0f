/**
 * Rate limits per key and per address. Cloudflare's limiters count per location. An isolate queries them once per batch
 * of calls, after the response, so a call costs two map lookups. The limits are therefore not exact: a burst may exceed
 * them by one batch per isolate.
 *
 * Invariant: a limiter that fails lets every call pass, so that routing does not depend on it.
 */
import { addressGroup } from '../../core/access/address-group.ts';
import type { CallCount } from '../../core/access/call-counter.ts';
import { countCall, refuseCalls, callCountOf } from '../../core/access/call-counter.ts';
import type { RequestClass } from '../../core/access/request-class.ts';
import { REQUEST_CLASSES } from '../../core/access/request-class.ts';
import type { Call } from '../http/call.ts';
import { problemResponse } from '../http/problem.ts';
import { logError } from '../../logging/log-error.ts';

type LimiterName = Extract<keyof Env, `RATE_LIMIT_${string}`>;

interface Limit {
  readonly limiter: LimiterName;
  /** Calls per query of the limiter. The `limit` in wrangler.toml is the limit of calls divided by this number. */
  readonly batch: number;
}

const LIMITS: Readonly<Record<RequestClass, Limit>> = {
  list: { limiter: 'RATE_LIMIT_LIST', batch: 5 },
  lookup: { limiter: 'RATE_LIMIT_LOOKUP', batch: 5 },
  change: { limiter: 'RATE_LIMIT_CHANGE', batch: 5 },
  traffic: { limiter: 'RATE_LIMIT_TRAFFIC', batch: 100 },
};
/** The `period` in wrangler.toml. */
const PERIOD_MS = 60_000;
/** Limit of an address as a multiple of the limit of a key. */
const ADDRESS_FACTOR = 10;
/** Bound per request class and kind of subject. */
const MAX_SUBJECTS = 2_000;

/** Kind of the id that calls are counted for. */
type Subject = 'key' | 'address';

/** Nested by request class and kind of subject, so that a lookup builds no composite key. */
const callCounts = Object.fromEntries(
  REQUEST_CLASSES.map((kind) => [kind, { key: new Map<string, CallCount>(), address: new Map<string, CallCount>() }]),
) as Readonly<Record<RequestClass, Readonly<Record<Subject, Map<string, CallCount>>>>>;
const failedLimiters = new Set<LimiterName>();

/** Limit per key: counts every call, including calls that are refused later. */
export const rateLimitKey = (c: Call): Response | null => refuseOverLimit(c, 'key', c.get('principal').keyId);

/**
 * Limit per address: counts only calls that the key's limit and permission let through, because many clients may share
 * one address. For the same reason its limit is a multiple of a key's limit.
 */
export const rateLimitAddress = (c: Call): Response | null => refuseOverLimit(c, 'address', addressOf(c));

function refuseOverLimit(c: Call, subject: Subject, id: string): Response | null {
  const now = Date.now();
  const refusedUntil = countAndCheck(c, subject, id, now);
  if (refusedUntil === 0) return null;
  return problemResponse(c, 'rate-limited', {
    detail: `too many calls of class "${c.get('requestClass')}"`,
    retryAfterSeconds: Math.ceil((refusedUntil - now) / 1_000),
  });
}

/**
 * Whether an address has sent too many invalid keys. Checked only after a refused key, so a guesser cannot lock out
 * callers with a valid key behind the same address.
 */
export const tooManyRefusals = async (c: Call): Promise<boolean> =>
  (await queryLimiter(c, 'RATE_LIMIT_REFUSED', addressOf(c))) === 'no';

/** Counts a call. Returns the epoch ms until which the subject is refused, or 0 when the call may pass. */
function countAndCheck(c: Call, subject: Subject, id: string, now: number): number {
  const kind = c.get('requestClass');
  const { limiter, batch: batchOfKey } = LIMITS[kind];
  const batch = subject === 'key' ? batchOfKey : batchOfKey * ADDRESS_FACTOR;
  const callCount = callCountOf(callCounts[kind][subject], id, MAX_SUBJECTS);
  const verdict = countCall(callCount, batch, now);
  if (verdict === 'refuse') return callCount.refusedUntil;
  if (verdict === 'ask') {
    const query = queryLimiter(c, limiter, `${subject}:${id}`).then((decision) => {
      if (decision === 'no') refuseCalls(callCount, batch, PERIOD_MS, Date.now());
      return undefined;
    });
    c.executionCtx.waitUntil(query);
  }
  return 0;
}

async function queryLimiter(c: Call, name: LimiterName, key: string): Promise<'yes' | 'no'> {
  // The type says that the limiter is bound, but a deployment may lack the binding.
  const limiter = c.env[name] as RateLimit | undefined;
  if (!limiter) return failOpen(name, 'not bound');
  try {
    const { success } = await limiter.limit({ key });
    failedLimiters.delete(name);
    return success ? 'yes' : 'no';
  } catch (error) {
    return failOpen(name, String(error));
  }
}

/** Lets the call pass without its limiter. Logs once per limiter until the limiter works again. */
function failOpen(limiter: LimiterName, error: string): 'yes' {
  if (!failedLimiters.has(limiter)) logError('rate limiter failed, calls pass without it', { limiter, error });
  failedLimiters.add(limiter);
  return 'yes';
}

const addressOf = (c: Call): string => addressGroup(c.req.header('cf-connecting-ip'));
