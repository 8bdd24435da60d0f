/**
 * Counts the calls of one subject in one isolate, so that the limiter of the platform is asked once for
 * many calls. An answer of no holds for a short while, then the next call asks again.
 *
 * A tally is changed in place: every call moves it.
 */
export interface CallCount {
  /** Since the limiter was asked last. */
  calls: number;
  /** Epoch ms; calls are refused until then. */
  refusedUntil: number;
}

/** `ask`: let it through and ask the limiter about the batch that it completes. */
type Verdict = 'pass' | 'ask' | 'refuse';

const REFUSE_FOR_MS = 10_000;

/** The first calls of a subject ask nothing: most isolates see few of most subjects. */
export function countCall(tally: CallCount, batch: number, now: number): Verdict {
  if (now < tally.refusedUntil) return 'refuse';
  tally.calls += 1;
  if (tally.calls < batch) return 'pass';
  tally.calls = 0;
  return 'ask';
}

/** The limiter said no: for a while, but not beyond the end of its period; the first call after that asks. */
export function refuseCalls(tally: CallCount, batch: number, periodMs: number, now: number): void {
  const restOfPeriodMs = periodMs - (now % periodMs);
  tally.calls = batch - 1;
  tally.refusedUntil = now + Math.min(REFUSE_FOR_MS, restOfPeriodMs);
}

/** The tally of a subject. Of no more than `max`: for a new subject the one first seen longest ago is forgotten. */
export function callCountOf(tallies: Map<string, CallCount>, subject: string, max: number): CallCount {
  const known = tallies.get(subject);
  if (known) return known;
  const [oldest] = tallies.keys();
  if (oldest !== undefined && tallies.size >= max) tallies.delete(oldest);
  const tally: CallCount = { calls: 0, refusedUntil: 0 };
  tallies.set(subject, tally);
  return tally;
}
