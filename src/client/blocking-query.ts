/** Limits that every blocking query of the client shares. */

/** A shorter wait would turn the watch into a busy loop. */
export const MIN_WAIT_MS = 1_000;
/** Allowed on top of the wait and of the sixteenth of it that the coordinator may add as jitter. */
const GRACE_MS = 15_000;

/** Aborts a query with the caller's signal, or when the query is overdue: its connection may be dead unnoticed. */
export function querySignal(waitMs: number, signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout((waitMs * 17) / 16 + GRACE_MS);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}
