/**
 * Counts the calls of one subject in one isolate, so that the limiter of the platform is asked once for
 * many calls. An answer of no holds for a short while, then the next call asks again.
 */
export interface CallTally {
  /** Since the limiter was asked last. */
  readonly calls: number;
  /** Epoch ms; calls are refused until then. */
  readonly refusedUntil: number;
}

/** `ask`: let it through and ask the limiter about the batch that it completes. */
type Verdict = 'pass' | 'ask' | 'refuse';

const NO_CALLS: CallTally = { calls: 0, refusedUntil: 0 };
const REFUSE_FOR_MS = 10_000;

/** The first calls of a subject ask nothing: most isolates see few of most subjects. */
export function countCall(
  tally: CallTally | undefined,
  batch: number,
  now: number,
): { readonly next: CallTally; readonly verdict: Verdict } {
  const before = tally ?? NO_CALLS;
  if (now < before.refusedUntil) return { next: before, verdict: 'refuse' };
  const calls = before.calls + 1;
  if (calls < batch) return { next: { calls, refusedUntil: 0 }, verdict: 'pass' };
  return { next: NO_CALLS, verdict: 'ask' };
}

/** The limiter said no: for a while, but not beyond the end of its period; the first call after that asks. */
export function refuseCalls(batch: number, periodMs: number, now: number): CallTally {
  const restOfPeriodMs = periodMs - (now % periodMs);
  return { calls: batch - 1, refusedUntil: now + Math.min(REFUSE_FOR_MS, restOfPeriodMs) };
}

/** Keeps a map at no more than `max`: for a new subject the one first seen longest ago is forgotten. */
export function makeRoom(tallies: Map<string, CallTally>, subject: string, max: number): void {
  if (tallies.size < max || tallies.has(subject)) return;
  const [oldest] = tallies.keys();
  if (oldest !== undefined) tallies.delete(oldest);
}
