/**
 * What is kept of the checks of a component: a sample for each minute, later one for each hour. Pure.
 *
 * Time is accounted for as it passes, under the status in force. What passes while nobody accounts for it, because
 * the coordinator was away or the clock stepped, counts as not observed, so no step of the clock makes more
 * uptime than time observed.
 */
import type { Uptime } from './availability.ts';
import { MINUTE_MS, startOf } from './availability.ts';
import type { HealthStatus } from '../health-status.ts';

/** How something stands: its status, and whether its time counts towards availability. */
export interface SampleStatus {
  readonly status: HealthStatus;
  readonly counts: boolean;
}

export interface Sample extends Uptime {
  /** At its end. */
  readonly status: HealthStatus;
  readonly checks: number;
  readonly failed: number;
  /** Response times of the checks that passed, ms; null when none did. */
  readonly minMs: number | null;
  readonly meanMs: number | null;
  readonly maxMs: number | null;
}

/** A sample with the beginning of its time, epoch ms. */
export interface TimedSample extends Sample {
  readonly at: number;
}

/** The minute that is running. */
export interface OpenSample {
  /** Beginning of the minute, epoch ms. */
  readonly minute: number;
  /** Accounted for up to here, epoch ms. */
  readonly until: number;
  readonly standing: SampleStatus;
  readonly sample: Sample;
}

/** Longer than the sweep needs to come by twice: whoever was not asked for so long was not observed. */
export const MAX_GAP_MS = 3 * MINUTE_MS;

const EMPTY = { upMs: 0, observedMs: 0, checks: 0, failed: 0, minMs: null, meanMs: null, maxMs: null } as const;

/** Begins to sample at `from`, epoch ms. */
export const openSample = (standing: SampleStatus, from: number): OpenSample => ({
  minute: startOf(from, MINUTE_MS),
  until: from,
  standing,
  sample: { ...EMPTY, status: standing.status },
});

export const isEmpty = ({ checks, observedMs }: Sample): boolean => checks === 0 && observedMs === 0;

/** Takes in a check: how long the answer took, ms, or null when it failed. */
export const noteCheck = (open: OpenSample, responseMs: number | null): OpenSample => {
  const failed = responseMs === null;
  const check = {
    ...EMPTY,
    checks: 1,
    failed: failed ? 1 : 0,
    minMs: responseMs,
    meanMs: responseMs,
    maxMs: responseMs,
  };
  return { ...open, sample: { ...joined(open.sample, check), status: open.sample.status } };
};

export interface Advanced {
  readonly next: OpenSample;
  /** The minutes that are over, oldest first. */
  readonly closed: readonly TimedSample[];
}

/** Accounts for the time up to `now`, under the standing in force; from then on `standing` is. */
export function advance(open: OpenSample, standing: SampleStatus, now: number): Advanced {
  const closed: TimedSample[] = [];
  let current = open;
  const elapsed = now - open.until;
  if (elapsed < 0 || elapsed > MAX_GAP_MS) {
    if (startOf(now, MINUTE_MS) === open.minute) return { next: stand({ ...open, until: now }, standing), closed };
    return { next: openSample(standing, now), closed: [timed(open)] };
  }
  while (current.minute + MINUTE_MS <= now) {
    closed.push(timed(account(current, current.minute + MINUTE_MS)));
    current = openSample(current.standing, current.minute + MINUTE_MS);
  }
  return { next: stand(account(current, now), standing), closed };
}

const stand = (open: OpenSample, standing: SampleStatus): OpenSample => ({
  ...open,
  standing,
  sample: { ...open.sample, status: standing.status },
});

const timed = ({ minute, sample }: OpenSample): TimedSample => ({ at: minute, ...sample });

function account(open: OpenSample, until: number): OpenSample {
  const { status, counts } = open.standing;
  const observedMs = counts && status !== 'unknown' ? until - open.until : 0;
  const upMs = status === 'unhealthy' ? 0 : observedMs;
  const { sample } = open;
  return {
    ...open,
    until,
    sample: { ...sample, upMs: sample.upMs + upMs, observedMs: sample.observedMs + observedMs },
  };
}

/** Several samples, oldest first, as one; undefined of none. */
export function rollUpSamples(samples: readonly Sample[]): Sample | undefined {
  const [first, ...others] = samples;
  return first && others.reduce((sum: Sample, each) => ({ ...joined(sum, each), status: each.status }), first);
}

function joined(a: Omit<Sample, 'status'>, b: Omit<Sample, 'status'>): Omit<Sample, 'status'> {
  const [passedA, passedB] = [a.checks - a.failed, b.checks - b.failed];
  const total = (a.meanMs ?? 0) * passedA + (b.meanMs ?? 0) * passedB;
  return {
    upMs: a.upMs + b.upMs,
    observedMs: a.observedMs + b.observedMs,
    checks: a.checks + b.checks,
    failed: a.failed + b.failed,
    minMs: lesser(a.minMs, b.minMs),
    meanMs: passedA + passedB === 0 ? null : total / (passedA + passedB),
    maxMs: greater(a.maxMs, b.maxMs),
  };
}

const lesser = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);
const greater = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);
