/**
 * Samples of a component's checks and status: one per minute, later merged into one per hour. Pure.
 *
 * Elapsed time counts under the status that was current. A gap, because the coordinator was down or the clock was set,
 * counts as not observed.
 * Invariant: uptime never exceeds observed time, whatever the clock does.
 */
import type { Uptime } from './availability.ts';
import { MINUTE_MS, startOf } from './availability.ts';
import type { HealthStatus } from '../health-status.ts';

/** The current status, and whether its time counts towards availability. */
export interface SampleStatus {
  readonly status: HealthStatus;
  readonly counts: boolean;
}

export interface Sample extends Uptime {
  /** Status at the end of the sample. */
  readonly status: HealthStatus;
  readonly checks: number;
  readonly failed: number;
  /** Response times of passed checks, ms; null when none passed. */
  readonly minMs: number | null;
  readonly meanMs: number | null;
  readonly maxMs: number | null;
}

/** A sample with its start, epoch ms. */
export interface TimedSample extends Sample {
  readonly at: number;
}

/** The sample of the current minute. */
export interface OpenSample {
  /** Start of the minute, epoch ms. */
  readonly minute: number;
  /** Time up to here is counted, epoch ms. */
  readonly until: number;
  readonly status: SampleStatus;
  readonly sample: Sample;
}

/** Longer than two sweep intervals. A longer gap counts as not observed. */
export const MAX_GAP_MS = 3 * MINUTE_MS;

const EMPTY = { upMs: 0, observedMs: 0, checks: 0, failed: 0, minMs: null, meanMs: null, maxMs: null } as const;

/** Starts sampling at `from`, epoch ms. */
export const openSample = (status: SampleStatus, from: number): OpenSample => ({
  minute: startOf(from, MINUTE_MS),
  until: from,
  status,
  sample: { ...EMPTY, status: status.status },
});

export const isEmpty = ({ checks, observedMs }: Sample): boolean => checks === 0 && observedMs === 0;

/** Counts a check; `responseMs` is its response time, or null when it failed. */
export const countCheck = (open: OpenSample, responseMs: number | null): OpenSample => {
  const failed = responseMs === null;
  const check = {
    ...EMPTY,
    checks: 1,
    failed: failed ? 1 : 0,
    minMs: responseMs,
    meanMs: responseMs,
    maxMs: responseMs,
  };
  return { ...open, sample: { ...merge(open.sample, check), status: open.sample.status } };
};

export interface Advanced {
  readonly next: OpenSample;
  /** The completed minutes, oldest first. */
  readonly closed: readonly TimedSample[];
}

/** Counts the time up to `now` under the previous status, then makes `status` the current one. */
export function advance(open: OpenSample, status: SampleStatus, now: number): Advanced {
  const closed: TimedSample[] = [];
  let current = open;
  const elapsed = now - open.until;
  if (elapsed < 0 || elapsed > MAX_GAP_MS) {
    if (startOf(now, MINUTE_MS) === open.minute) return { next: withStatus({ ...open, until: now }, status), closed };
    return { next: openSample(status, now), closed: [toTimed(open)] };
  }
  while (current.minute + MINUTE_MS <= now) {
    closed.push(toTimed(account(current, current.minute + MINUTE_MS)));
    current = openSample(current.status, current.minute + MINUTE_MS);
  }
  return { next: withStatus(account(current, now), status), closed };
}

const withStatus = (open: OpenSample, status: SampleStatus): OpenSample => ({
  ...open,
  status,
  sample: { ...open.sample, status: status.status },
});

const toTimed = ({ minute, sample }: OpenSample): TimedSample => ({ at: minute, ...sample });

function account(open: OpenSample, until: number): OpenSample {
  const { status, counts } = open.status;
  const observedMs = counts && status !== 'unknown' ? until - open.until : 0;
  const upMs = status === 'unhealthy' ? 0 : observedMs;
  const { sample } = open;
  return {
    ...open,
    until,
    sample: { ...sample, upMs: sample.upMs + upMs, observedMs: sample.observedMs + observedMs },
  };
}

/** Merges samples, oldest first; undefined for an empty list. */
export function rollUpSamples(samples: readonly Sample[]): Sample | undefined {
  const [first, ...others] = samples;
  return first && others.reduce((sum: Sample, each) => ({ ...merge(sum, each), status: each.status }), first);
}

function merge(a: Omit<Sample, 'status'>, b: Omit<Sample, 'status'>): Omit<Sample, 'status'> {
  const [passedA, passedB] = [a.checks - a.failed, b.checks - b.failed];
  const total = (a.meanMs ?? 0) * passedA + (b.meanMs ?? 0) * passedB;
  return {
    upMs: a.upMs + b.upMs,
    observedMs: a.observedMs + b.observedMs,
    checks: a.checks + b.checks,
    failed: a.failed + b.failed,
    minMs: minOrNull(a.minMs, b.minMs),
    meanMs: passedA + passedB === 0 ? null : total / (passedA + passedB),
    maxMs: maxOrNull(a.maxMs, b.maxMs),
  };
}

const minOrNull = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);
const maxOrNull = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);
