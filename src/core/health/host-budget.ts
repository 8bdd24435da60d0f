/**
 * How much one host (name and port) may be asked, so that nobody can have us hammer somebody else.
 *
 * A check costs one token. A host that passed a check lately has 100 of them and gets 100 a second; one
 * that did not gets 10 a second and has 20. What cannot be paid for is put off, never dropped.
 * Attempts after the first are not put off, because a verdict must not wait: a good host's checks
 * include the usual three, every other one is owed and the next checks wait for it.
 */
import type { BucketPolicy, TokenBucket } from '../quota/token-bucket.ts';
import { fullBucket, refilled, spendTokens, consumeTokens } from '../quota/token-bucket.ts';

export interface HostBudget {
  readonly bucket: TokenBucket;
  /** When a check there last passed, epoch ms; null when none has since we know it. */
  readonly passedAt: number | null;
}

/** `putOffMs`: how long the check has to wait, 0 when it may begin. */
export interface Admission {
  readonly next: HostBudget;
  readonly putOffMs: number;
}

export const GOOD_HOST: BucketPolicy = { burst: 100, perSecond: 100 };
export const SUSPECT_HOST: BucketPolicy = { burst: 20, perSecond: 10 };
/** A passed check speaks for its host this long. */
export const GOOD_FOR_MS = 60_000;
/** A host that nothing was asked of for this long is not remembered. */
export const FORGET_AFTER_MS = 300_000;

/** Retries, 3 unless registered otherwise, that a check at a good host includes. */
const INCLUDED_RETRIES = 3;
/** Shortest pause before another try at a good host: each try is an alarm, and an alarm is a billed write. */
const GOOD_PAUSE_MS = 200;
/** Longest pause, and the only one at a doubtful host. */
export const MAX_POSTPONED_MS = 1_000;

export const newHost = (now: number): HostBudget => ({ bucket: fullBucket(SUSPECT_HOST, now), passedAt: null });

export const isGood = ({ passedAt }: HostBudget, now: number): boolean =>
  // The distance, because a clock that went back must not make a host good for long.
  passedAt !== null && Math.abs(now - passedAt) <= GOOD_FOR_MS;

/** Asks leave for one check, or for another call that costs the host as much. */
export function admitCheck(host: HostBudget, now: number): Admission {
  const taking = consumeTokens(host.bucket, policyOf(host, now), now);
  const next = { ...host, bucket: taking.next };
  if (taking.granted) return { next, putOffMs: 0 };
  const pauseMs = isGood(host, now) ? Math.max(GOOD_PAUSE_MS, taking.retryAfterMs) : MAX_POSTPONED_MS;
  return { next, putOffMs: Math.min(MAX_POSTPONED_MS, pauseMs) };
}

/** Takes the cost of an attempt after the first; `retry` counts from 1. */
export function chargeRetry(host: HostBudget, retry: number, now: number): HostBudget {
  if (retry <= INCLUDED_RETRIES && isGood(host, now)) return host;
  return { ...host, bucket: spendTokens(host.bucket, policyOf(host, now), now, 1) };
}

/** A check there passed. One heard of for the first time gets at once what good hosts have more. */
export function notePassed(host: HostBudget, now: number): HostBudget {
  const bucket = refilled(host.bucket, policyOf(host, now), now);
  const gain = host.passedAt === null ? GOOD_HOST.burst - SUSPECT_HOST.burst : 0;
  return { bucket: { ...bucket, level: bucket.level + gain }, passedAt: now };
}

export const isForgotten = ({ bucket }: HostBudget, now: number): boolean => now - bucket.at > FORGET_AFTER_MS;

const policyOf = (host: HostBudget, now: number): BucketPolicy => (isGood(host, now) ? GOOD_HOST : SUSPECT_HOST);
