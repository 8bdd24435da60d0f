/**
 * How much one key, and one address, may ask for. The platform's limiters count for a whole location;
 * an isolate asks them once for a batch of calls and behind the answer, so that a call costs two looks
 * into a map. So the limits are not exact: a burst may pass them by a batch for each isolate.
 *
 * A limiter that cannot be asked limits nothing: routing does not stop for it.
 */
import { addressGroup } from '../../core/access/address-group.ts';
import type { CallCount } from '../../core/access/call-counter.ts';
import { countCall, refuseCalls, callCountOf } from '../../core/access/call-counter.ts';
import type { RequestClass } from '../../core/access/request-class.ts';
import { REQUEST_CLASSES } from '../../core/access/request-class.ts';
import type { Call } from '../http/call.ts';
import { problemResponse } from '../http/problem.ts';

type LimiterName = Extract<keyof Env, `RATE_LIMIT_${string}`>;

interface Limit {
  readonly limiter: LimiterName;
  /** Calls that one question stands for: the `limit` in wrangler.toml is that of calls, divided by this. */
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
/** How many times what a key may ask for. */
const KEYS_OF_ADDRESS = 10;
/** Subjects of one kind, for one kind of call. */
const MAX_TALLIES = 2_000;

/** Whose calls are counted, by its id. */
type Subject = 'key' | 'address';

/** By kind of call and of subject, so that no name must be put together for a look. */
const tallies = Object.fromEntries(
  REQUEST_CLASSES.map((kind) => [kind, { key: new Map<string, CallCount>(), address: new Map<string, CallCount>() }]),
) as Readonly<Record<RequestClass, Readonly<Record<Subject, Map<string, CallCount>>>>>;
const silent = new Set<LimiterName>();

/** Of the key: counts all it asks for, also what it may not do. */
export const rateLimitKey = (c: Call): Response | null => refuseBeyond(c, 'key', c.get('principal').keyId);

/**
 * Of the address: counts what was let through, because others share it. A whole fleet may call from one
 * address, so it has the room of several keys.
 */
export const rateLimitAddress = (c: Call): Response | null => refuseBeyond(c, 'address', addressOf(c));

function refuseBeyond(c: Call, subject: Subject, id: string): Response | null {
  const now = Date.now();
  const refusedUntil = count(c, subject, id, now);
  if (refusedUntil === 0) return null;
  return problemResponse(c, 'rate-limited', {
    detail: `too many calls of the kind "${c.get('requestClass')}"`,
    retryAfterSeconds: Math.ceil((refusedUntil - now) / 1_000),
  });
}

/**
 * For a call whose key was refused: whether its address has sent too many of those. Asked only then, so a
 * guesser shuts out nobody who has a key.
 */
export const tooManyRefusals = async (c: Call): Promise<boolean> =>
  (await askLimiter(c, 'RATE_LIMIT_REFUSED', addressOf(c))) === 'no';

/** Epoch ms until which the subject is refused; 0 when it is not. */
function count(c: Call, subject: Subject, id: string, now: number): number {
  const kind = c.get('requestClass');
  const { limiter, batch: batchOfKey } = LIMITS[kind];
  const batch = subject === 'key' ? batchOfKey : batchOfKey * KEYS_OF_ADDRESS;
  const tally = callCountOf(tallies[kind][subject], id, MAX_TALLIES);
  const verdict = countCall(tally, batch, now);
  if (verdict === 'refuse') return tally.refusedUntil;
  if (verdict === 'ask') {
    const asked = askLimiter(c, limiter, `${subject}:${id}`).then((answer) => {
      if (answer === 'no') refuseCalls(tally, batch, PERIOD_MS, Date.now());
      return undefined;
    });
    c.executionCtx.waitUntil(asked);
  }
  return 0;
}

async function askLimiter(c: Call, name: LimiterName, key: string): Promise<'yes' | 'no'> {
  // Its type says that it is bound; a deployment may say otherwise.
  const limiter = c.env[name] as RateLimit | undefined;
  if (!limiter) return missing(name, 'not bound');
  try {
    const { success } = await limiter.limit({ key });
    silent.delete(name);
    return success ? 'yes' : 'no';
  } catch (error) {
    return missing(name, String(error));
  }
}

/** A limiter that cannot be asked limits nothing; said once, until it answers again. */
function missing(limiter: LimiterName, error: string): 'yes' {
  if (!silent.has(limiter))
    console.error(JSON.stringify({ message: 'a rate limiter cannot be asked', limiter, error }));
  silent.add(limiter);
  return 'yes';
}

const addressOf = (c: Call): string => addressGroup(c.req.header('cf-connecting-ip'));
