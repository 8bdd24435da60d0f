/**
 * An isolate's cached copy of the keys and of the ended sessions, from which the edge authenticates callers.
 *
 * A copy older than 1 s is refreshed in the background, a copy older than 2 s before it serves. A revocation thus takes
 * effect within 3 s. A refresh requests only the changes and reports when keys were used. When the coordinator sends
 * all keys again, the current copy serves until the new copy is complete. Callers decide which age they accept.
 */
import type { SessionRef } from '../core/access/ended-session.ts';
import { isEnded } from '../core/access/ended-session.ts';
import { NOTHING_IN_FLIGHT, begin, end, inFlightAt } from '../core/access/load-shedding.ts';
import type { BucketPolicy } from '../core/quota/token-bucket.ts';
import { fullBucket, consumeTokens } from '../core/quota/token-bucket.ts';
import { sleep } from '../long-poll/sleep.ts';
import type { WaitUntil } from '../long-poll/single-flight.ts';
import { succeedsWithin } from '../long-poll/succeeds-within.ts';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import type { KeyCopy, KnownKey } from './key-copy.ts';
import { emptyCopy, applyKeyPage } from './key-copy.ts';
import type { RefreshAttempt } from './refreshing-cache.ts';
import { RefreshingCache } from './refreshing-cache.ts';
import { logError } from '../logging/log-error.ts';

export interface KeyLookup {
  readonly known: KnownKey | undefined;
  /** Age of the copy that was read; Infinity before the first refresh. */
  readonly ageMs: number;
}

/** Age from which a copy is refreshed before it serves. */
export const FRESH_MS = 2_000;
const BACKGROUND_REFRESH_MS = 1_000;
/** Time that a request waits for a refresh when an older copy may serve its key. */
const SHORT_WAIT_MS = 1_000;
const LONG_WAIT_MS = 5_000;
/** Rate of refetches for unknown keys, over all callers of the isolate. */
const REFETCH_PACE: BucketPolicy = { burst: 8, perSecond: 4 };
/** Load shedding applies only to authenticated callers, so requests that wait to be authenticated need a limit. */
const MAX_WAITING = 1_024;
/** Resolution of the coordinator's time of last use. */
const USED_EVERY_MS = 300_000;

/** Neither confirms nor denies that the key exists. */
const UNKNOWN: KeyLookup = { known: undefined, ageMs: Infinity };

/** The copy as of the start of the call that fetched it: every revocation before that time is in it. */
const cache = new RefreshingCache<KeyCopy>({
  initial: emptyCopy(),
  backgroundAfterMs: BACKGROUND_REFRESH_MS,
  foregroundAfterMs: FRESH_MS,
  giveUpAfterMs: LONG_WAIT_MS,
  refresh: fetchChanges,
  onError: (error) => logError('keys not refreshed', { error }),
});
/**
 * The copy that receives the next page: the cached copy, or a new one that replaces it once it is complete. When a
 * refresh is given up, the next refresh continues with the same incomplete copy.
 */
let growing = cache.value;
let refetchBucket = fullBucket(REFETCH_PACE, 0);
let waiting = NOTHING_IN_FLIGHT;
/** When keys were used that the next refresh reports, by key id, epoch ms. */
const used = new Map<string, number>();
/** The use that was reported last, by key id, epoch ms. */
const usedSent = new Map<string, number>();

/** Returns a key from a copy that needs no refresh yet; undefined when the copy is older or lacks the key. */
export const cachedKey = (id: string, now: number): KnownKey | undefined =>
  cache.ageAt(now) < BACKGROUND_REFRESH_MS ? cache.value.keys.get(id) : undefined;

/**
 * Looks a key up, after a refresh when the copy is too old. `servesStale` decides whether an older copy may serve the
 * key while the coordinator is unreachable. Requests with such a key wait for a short time only.
 */
export async function findKey(
  id: string,
  servesStale: (known: KnownKey, ageMs: number) => boolean,
  waitUntil: WaitUntil,
): Promise<KeyLookup> {
  const now = Date.now();
  if (cache.read(now, waitUntil) === null) {
    const { done, startedAt } = cache.refresh(now, waitUntil);
    const known = cache.value.keys.get(id);
    const limitMs = known && servesStale(known, cache.ageAt(now)) ? SHORT_WAIT_MS : LONG_WAIT_MS;
    // A request that joins a refresh that hangs waits only for the rest.
    await waitFor(done, startedAt + limitMs - now, waitUntil);
  }
  return { known: cache.value.keys.get(id), ageMs: cache.ageAt(Date.now()) };
}

/**
 * Looks a key up in a copy requested after this call began: the key may have been created or rotated a moment ago.
 * Concurrent lookups share one refetch, and a token bucket paces refetches, so unknown keys cannot multiply calls.
 * Returns no key and an infinite age when there is no such copy in time.
 */
export async function refetchKey(id: string, waitUntil: WaitUntil): Promise<KeyLookup> {
  const now = Date.now();
  const until = now + LONG_WAIT_MS;
  const joined = cache.inFlight(now);
  if (joined) await waitFor(joined.done, until - now, waitUntil);
  // The joined refresh may have begun before this call.
  if (cache.asOf < now) {
    const { done } = cache.refresh(Date.now(), waitUntil, paced);
    await waitFor(done, until - Date.now(), waitUntil);
  }
  return cache.asOf < now ? UNKNOWN : { known: cache.value.keys.get(id), ageMs: cache.ageAt(Date.now()) };
}

/** Returns a key that was authenticated a moment ago; undefined for the admin key, and after a revocation. */
export const keyOfAnyAge = (id: string): KnownKey | undefined => cache.value.keys.get(id);

/** Whether a session was ended. Call after the lookup of its key, which makes the copy recent enough. */
export const isSessionEnded = (session: SessionRef): boolean => isEnded(cache.value.endedSessions, session);

/** Reports to the coordinator with the next refresh that a key was used. */
export function noteKeyUsed(id: string, now: number): void {
  if (now - (usedSent.get(id) ?? 0) >= USED_EVERY_MS) used.set(id, now);
}

async function paced(): Promise<void> {
  const consumption = consumeTokens(refetchBucket, REFETCH_PACE, Date.now());
  refetchBucket = consumption.next;
  if (consumption.granted) return;
  await sleep(consumption.retryAfterMs);
  refetchBucket = consumeTokens(refetchBucket, REFETCH_PACE, Date.now()).next;
}

/** Waits for `limitMs` at most, and not at all when too many requests wait already. */
async function waitFor(done: Promise<unknown>, limitMs: number, waitUntil: WaitUntil): Promise<void> {
  const now = Date.now();
  if (inFlightAt(waiting, now) >= MAX_WAITING) return;
  waiting = begin(waiting, now);
  const work = succeedsWithin(done, limitMs).finally(() => {
    waiting = end(waiting, now, Date.now());
  });
  // Without this, a caller that disconnects would stay counted.
  waitUntil(work);
  await work;
}

async function fetchChanges({ isCurrent, store }: RefreshAttempt<KeyCopy>): Promise<void> {
  // The attempt itself may have started earlier and waited in `paced`.
  const startedAt = Date.now();
  const sent = new Map(used);
  let reported = Object.fromEntries(sent);
  for (;;) {
    const page = await coordinator().syncKeys({ since: growing.mark, used: reported });
    if (!isCurrent()) return;
    if (page.full) growing = emptyCopy();
    applyKeyPage(growing, page);
    for (const { id, revokedAt } of page.keys) if (revokedAt !== null) usedSent.delete(id);
    if (!page.more) break;
    reported = {};
  }
  if (growing !== cache.value) for (const id of usedSent.keys()) if (!growing.keys.has(id)) usedSent.delete(id);
  for (const [id, at] of sent) {
    usedSent.set(id, at);
    if (used.get(id) === at) used.delete(id);
  }
  store(growing, startedAt);
}
