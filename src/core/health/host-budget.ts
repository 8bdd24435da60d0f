/**
 * The check budget of one host (name and port), so that a registration cannot make the prober flood a third party.
 *
 * A check costs one token. A host that passed a check recently (good) has a burst of 100 and 100 tokens/s.
 * Any other host has a burst of 20 and 10 tokens/s. A check without a token is delayed, never dropped.
 * Retries are never delayed, because they decide the verdict. A check of a good host includes three retries.
 * Any other retry is charged to the bucket, which may go negative; later checks then wait.
 */
import type { BucketPolicy, TokenBucket } from '../quota/token-bucket.ts';
import { fullBucket, refilled, spendTokens, consumeTokens } from '../quota/token-bucket.ts';

export interface HostBudget {
  readonly bucket: TokenBucket;
  /** Time of the host's last passed check, epoch ms; null when none passed since the host is known. */
  readonly passedAt: number | null;
}

/** `delayMs`: time until the check may try again; 0 when it may begin now. */
export interface Admission {
  readonly next: HostBudget;
  readonly delayMs: number;
}

export const GOOD_HOST: BucketPolicy = { burst: 100, perSecond: 100 };
export const UNPROVEN_HOST: BucketPolicy = { burst: 20, perSecond: 10 };
/** A host is good for this long after a passed check. */
export const GOOD_FOR_MS = 60_000;
/** A host without a check for this long is dropped from memory. */
export const FORGET_AFTER_MS = 300_000;

/** Retries included in a check of a good host: the default of `retries`. */
const INCLUDED_RETRIES = 3;
/** Shortest delay at a good host: each new try needs an alarm, and an alarm is a billed write. */
const MIN_DELAY_MS = 200;
/** Longest delay, and the only one at a host that is not good. */
export const MAX_DELAY_MS = 1_000;

export const newHost = (now: number): HostBudget => ({ bucket: fullBucket(UNPROVEN_HOST, now), passedAt: null });

export const isGood = ({ passedAt }: HostBudget, now: number): boolean =>
  // The absolute difference: a clock that was set back must not make a host good for long.
  passedAt !== null && Math.abs(now - passedAt) <= GOOD_FOR_MS;

/** Consumes a token for one check, or for another call of the same cost; returns the delay when there is none. */
export function admitCheck(host: HostBudget, now: number): Admission {
  const consumption = consumeTokens(host.bucket, policyOf(host, now), now);
  const next = { ...host, bucket: consumption.next };
  if (consumption.granted) return { next, delayMs: 0 };
  const pauseMs = isGood(host, now) ? Math.max(MIN_DELAY_MS, consumption.retryAfterMs) : MAX_DELAY_MS;
  return { next, delayMs: Math.min(MAX_DELAY_MS, pauseMs) };
}

/** Charges an attempt after the first; `retry` counts from 1. */
export function chargeRetry(host: HostBudget, retry: number, now: number): HostBudget {
  if (retry <= INCLUDED_RETRIES && isGood(host, now)) return host;
  return { ...host, bucket: spendTokens(host.bucket, policyOf(host, now), now, 1) };
}

/** Records a passed check. The first one adds the difference between the two bursts at once. */
export function recordPassedCheck(host: HostBudget, now: number): HostBudget {
  const bucket = refilled(host.bucket, policyOf(host, now), now);
  const gain = host.passedAt === null ? GOOD_HOST.burst - UNPROVEN_HOST.burst : 0;
  return { bucket: { ...bucket, level: bucket.level + gain }, passedAt: now };
}

export const isForgotten = ({ bucket }: HostBudget, now: number): boolean => now - bucket.at > FORGET_AFTER_MS;

const policyOf = (host: HostBudget, now: number): BucketPolicy => (isGood(host, now) ? GOOD_HOST : UNPROVEN_HOST);
