/**
 * An isolate's copy of the keys, and of the sessions that were ended: what the edge checks callers by, without a call.
 *
 * Older than 1 s it is refreshed behind the answer, older than 2 s before it, so that a revocation is
 * felt within 3 s; each refresh asks only for what changed and carries when keys were used. All who wait
 * share one refresh. Where everything must be fetched anew, the copy at hand serves until the other is whole.
 * How old a copy may be for whom is the caller's decision.
 */
import type { SessionRef } from '../core/access/ended-session.ts';
import { isEnded } from '../core/access/ended-session.ts';
import { NOTHING_IN_FLIGHT, begin, end, inFlightAt } from '../core/access/load-shedding.ts';
import type { BucketPolicy } from '../core/quota/token-bucket.ts';
import { fullBucket, consumeTokens } from '../core/quota/token-bucket.ts';
import { sleep } from '../long-poll/sleep.ts';
import { settlesWithin } from '../long-poll/with-timeout.ts';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import type { KnownKey } from './key-copy.ts';
import { emptyCopy, applyKeyPage } from './key-copy.ts';

export interface KeyLookup {
  readonly known: KnownKey | undefined;
  /** Age of the copy it was looked up in; Infinity when there is none. */
  readonly ageMs: number;
}

type WaitUntil = (work: Promise<unknown>) => void;

export const FRESH_MS = 2_000;
const BACKGROUND_REFRESH_MS = 1_000;
/** How long a foreground refresh may keep a caller waiting whose key serves on from an older copy. */
const SHORT_WAIT_MS = 1_000;
const LONG_WAIT_MS = 5_000;
/** How often strangers have it asked for keys that nobody knows. */
const PACE: BucketPolicy = { burst: 8, perSecond: 4 };
/** Load is shed only once a caller is known: until then nobody else holds them back. */
const MAX_WAITING = 1_024;
/** The coordinator keeps it no more exactly. */
const USED_EVERY_MS = 300_000;

/** Neither that there is such a key nor that there is none. */
const UNKNOWN: KeyLookup = { known: undefined, ageMs: Infinity };

interface Refresh {
  readonly beganAt: number;
  readonly done: Promise<boolean>;
}

/** What callers are checked by. */
let held = emptyCopy();
/**
 * What the next page goes into: the copy held, or a whole new one that takes its place once it is complete. One
 * whose fetching is given up is gone on with by the next.
 */
let growing = held;
/** When the call began whose answer we hold: nothing revoked before it is missing. 0 for none. */
let askedAt = 0;
let refreshing: Refresh | null = null;
let bucket = fullBucket(PACE, 0);
let waiting = NOTHING_IN_FLIGHT;
const used = new Map<string, number>();
const usedSent = new Map<string, number>();

/** A key in a copy that needs no refresh yet; undefined when it is not there, or the copy is older. */
export const cachedKey = (id: string, now: number): KnownKey | undefined =>
  ageAt(now) < BACKGROUND_REFRESH_MS ? held.keys.get(id) : undefined;

/**
 * Looks a key up. `servesStale` says whether a key may be served from a copy of that age while the
 * coordinator cannot be reached: for such a key nobody waits long.
 */
export async function findKey(
  id: string,
  servesStale: (known: KnownKey, ageMs: number) => boolean,
  waitUntil: WaitUntil,
): Promise<KeyLookup> {
  const now = Date.now();
  const age = ageAt(now);
  if (age >= BACKGROUND_REFRESH_MS) {
    const { done, beganAt } = refresh(now, waitUntil);
    if (age >= FRESH_MS) {
      const known = held.keys.get(id);
      const limitMs = known && servesStale(known, age) ? SHORT_WAIT_MS : LONG_WAIT_MS;
      // Whoever comes later to a refresh that hangs waits only for what is left.
      await waitFor(done, Math.min(limitMs, beganAt + limitMs - now), waitUntil);
    }
  }
  return { known: held.keys.get(id), ageMs: ageAt(Date.now()) };
}

/**
 * Looks a key up in a copy that was asked for after this call began: it may have been made, or given
 * another secret, a moment ago. All who come meanwhile share the call, and it comes when the pace allows, so
 * strangers cannot multiply it. Without such a copy nothing is known.
 */
export async function refetchKey(id: string, waitUntil: WaitUntil): Promise<KeyLookup> {
  const now = Date.now();
  const until = now + LONG_WAIT_MS;
  const begun = underWay(now);
  if (begun) await waitFor(begun.done, until - now, waitUntil);
  // That one may have been asked for too early.
  if (askedAt < now) {
    const { done } = refresh(Date.now(), waitUntil, paced);
    await waitFor(done, until - Date.now(), waitUntil);
  }
  return askedAt < now ? UNKNOWN : { known: held.keys.get(id), ageMs: ageAt(Date.now()) };
}

/** A key that was let in a moment ago, by the copy at hand; undefined for the admin key, and for one that has gone since. */
export const keyOfAnyAge = (id: string): KnownKey | undefined => held.keys.get(id);

/** Whether somebody ended that session, by the copy at hand: after its key was looked up, that one is fresh enough. */
export const isSessionEnded = (session: SessionRef): boolean => isEnded(held.endedSessions, session);

/** Tells the coordinator with the next refresh that a key was used. */
export function noteKeyUsed(id: string, now: number): void {
  if (now - (usedSent.get(id) ?? 0) >= USED_EVERY_MS) used.set(id, now);
}

// A clock that went back tells nothing of the age.
const ageAt = (now: number): number => (askedAt > 0 && now >= askedAt ? now - askedAt : Infinity);

/** The refresh that has not answered yet; one that hangs is given up. */
function underWay(now: number): Refresh | null {
  // After the clock went back, nobody can say for how long it has.
  return refreshing && now >= refreshing.beganAt && now - refreshing.beganAt < LONG_WAIT_MS ? refreshing : null;
}

/**
 * Refreshes once however many ask, after `turn`; resolves to whether the coordinator answered. It goes on behind the
 * answer to whoever began it, or it would die with that request.
 */
function refresh(now: number, waitUntil: WaitUntil, turn: () => Promise<void> = () => Promise.resolve()): Refresh {
  const before = underWay(now);
  if (before) return before;
  const isCurrent = (): boolean => refreshing === begun;
  const begun: Refresh = { beganAt: now, done: turn().then(() => fetchChanges(isCurrent)) };
  refreshing = begun;
  waitUntil(begun.done);
  return begun;
}

async function paced(): Promise<void> {
  const taken = consumeTokens(bucket, PACE, Date.now());
  bucket = taken.next;
  if (taken.granted) return;
  await sleep(taken.retryAfterMs);
  bucket = consumeTokens(bucket, PACE, Date.now()).next;
}

/** Not for longer than that, and not when too many wait already. */
async function waitFor(done: Promise<unknown>, limitMs: number, waitUntil: WaitUntil): Promise<void> {
  const now = Date.now();
  if (inFlightAt(waiting, now) >= MAX_WAITING) return;
  waiting = begin(waiting, now);
  const work = settlesWithin(done, limitMs).finally(() => {
    waiting = end(waiting, now, Date.now());
  });
  // A caller that hangs up would not be counted down.
  waitUntil(work);
  await work;
}

/** One that was given up and finishes late must not undo what a newer one brought: it changes nothing. */
async function fetchChanges(isCurrent: () => boolean): Promise<boolean> {
  const beganAt = Date.now();
  const sent = new Map(used);
  try {
    let reported = Object.fromEntries(sent);
    for (;;) {
      const answer = await coordinator().syncKeys({ since: growing.mark, used: reported });
      if (!isCurrent()) return false;
      if (answer.full) growing = emptyCopy();
      applyKeyPage(growing, answer);
      for (const { id, revokedAt } of answer.keys) if (revokedAt !== null) usedSent.delete(id);
      if (!answer.more) break;
      reported = {};
    }
    if (growing !== held) {
      held = growing;
      for (const id of usedSent.keys()) if (!held.keys.has(id)) usedSent.delete(id);
    }
    for (const [id, at] of sent) {
      usedSent.set(id, at);
      if (used.get(id) === at) used.delete(id);
    }
    askedAt = beganAt;
    return true;
  } catch (error) {
    console.error(JSON.stringify({ message: 'keys not refreshed', error: String(error) }));
    return false;
  } finally {
    if (isCurrent()) refreshing = null;
  }
}
