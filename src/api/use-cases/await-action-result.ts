/** Waits for what a controller says to an action that an operator asked for. */
import type { RecoveryOrder } from '../../core/failure/failure-intake.ts';
import type { RecordedRecovery } from '../../history/recovery-history.ts';
import { findRecovery } from '../../history/recovery-history.ts';

/** A controller that does not answer at once is asked three times; who wants to know more reads the recovery. */
const ANSWER_WITHIN_MS = 12_000;
const LOOK_AGAIN_MS = [100, 200, 400, 800];
const AT_MOST_MS = 1_000;

/** The recovery once its action has been answered or it is over, or as it is when that takes too long. Never throws. */
export async function awaitActionResult(db: D1Database, order: RecoveryOrder): Promise<RecordedRecovery> {
  let latest: RecordedRecovery = { ...order, status: 'running', finishedAt: null, actions: [], incidentId: null };
  const until = Date.now() + ANSWER_WITHIN_MS;
  for (let looked = 0; Date.now() < until; looked++) {
    try {
      latest = (await findRecovery(db, order.recoveryId)) ?? latest;
    } catch (error) {
      // The action is taken all the same, and written down later.
      console.error(JSON.stringify({ message: 'history is away', recoveryId: order.recoveryId, error: String(error) }));
      return latest;
    }
    // While it is being tried it is written down as running.
    if (latest.actions.some(({ status }) => status !== 'running') || latest.status !== 'running') break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS[looked] ?? AT_MOST_MS));
  }
  return latest;
}
