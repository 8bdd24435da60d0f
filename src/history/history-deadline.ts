/**
 * The time limit for calls to D1 that other work waits for. D1 may respond late instead of failing, and a recovery must
 * not wait for that. Every such write is keyed by id, so a late success beside a repetition is harmless.
 */

/** ms */
const HISTORY_DEADLINE_MS = 2_000;

/** Returns the result of the call to D1, or rejects after `HISTORY_DEADLINE_MS`. The call itself goes on. */
export function withinDeadline<T>(call: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(new Error(`the history did not respond within ${HISTORY_DEADLINE_MS} ms`));
    const timer = setTimeout(giveUp, HISTORY_DEADLINE_MS);
    call.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
