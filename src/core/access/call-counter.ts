/**
 * Counter of the calls of one subject in one isolate. The isolate asks the rate limiter of the platform once per batch
 * of calls. A refusal applies for a short while. The next call after that asks again.
 *
 * Mutable: every call updates the counter.
 */
export interface CallCount {
  /** Calls since the isolate last asked the limiter. */
  calls: number;
  /** Epoch ms until which calls are refused. */
  refusedUntil: number;
}

/** `ask`: let the call through, and ask the limiter about the batch that it completes. */
type Verdict = 'pass' | 'ask' | 'refuse';

const REFUSE_FOR_MS = 10_000;

/** Counts a call. The first batch of a subject is not limited, because most isolates see few calls of most subjects. */
export function countCall(counter: CallCount, batch: number, now: number): Verdict {
  if (now < counter.refusedUntil) return 'refuse';
  counter.calls += 1;
  if (counter.calls < batch) return 'pass';
  counter.calls = 0;
  return 'ask';
}

/**
 * Records a refusal of the limiter. The refusal lasts a while, but not beyond the period. The first call afterwards
 * asks again.
 */
export function refuseCalls(counter: CallCount, batch: number, periodMs: number, now: number): void {
  const restOfPeriodMs = periodMs - (now % periodMs);
  counter.calls = batch - 1;
  counter.refusedUntil = now + Math.min(REFUSE_FOR_MS, restOfPeriodMs);
}

/**
 * Returns the counter of a subject. Keeps at most `max` counters: a new subject replaces the one first seen longest
 * ago.
 */
export function callCountOf(counters: Map<string, CallCount>, subject: string, max: number): CallCount {
  const known = counters.get(subject);
  if (known) return known;
  const [oldest] = counters.keys();
  if (oldest !== undefined && counters.size >= max) counters.delete(oldest);
  const counter: CallCount = { calls: 0, refusedUntil: 0 };
  counters.set(subject, counter);
  return counter;
}
