/** What all blocking queries of the client have in common. */

/** One that waited for less would be asked in a loop. */
export const MIN_WAIT_MS = 1_000;
/** Beyond what it was to wait, and the sixteenth that the coordinator adds. */
const LATE_MS = 15_000;

/** Ends a query with the caller's signal, and one that is overdue: its connection may be dead without a word. */
export function signalFor(waitMs: number, signal: AbortSignal | undefined): AbortSignal {
  const late = AbortSignal.timeout((waitMs * 17) / 16 + LATE_MS);
  return signal ? AbortSignal.any([signal, late]) : late;
}
