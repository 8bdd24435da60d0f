/** Waits for the controller's result of an action that an operator requested. Polls the history in D1. */
import type { RecoveryOrder } from '../../core/failure/failure-manager-api.ts';
import type { RecordedRecovery } from '../../history/recovery-history.ts';
import { findRecovery } from '../../history/recovery-history.ts';
import { logError } from '../../logging/log-error.ts';

/** Covers three attempts on a controller that does not respond at once. Later results are in the recovery. */
const MAX_WAIT_MS = 12_000;
const POLL_DELAYS_MS = [100, 200, 400, 800];
const MAX_POLL_DELAY_MS = 1_000;

/**
 * Returns the recovery once its action has a result or the recovery has ended, or its latest state after `MAX_WAIT_MS`.
 * Never throws.
 */
export async function awaitActionResult(db: D1Database, order: RecoveryOrder): Promise<RecordedRecovery> {
  let latest: RecordedRecovery = { ...order, status: 'running', finishedAt: null, actions: [], incidentId: null };
  const deadline = Date.now() + MAX_WAIT_MS;
  for (let attempt = 0; Date.now() < deadline; attempt++) {
    try {
      latest = (await findRecovery(db, order.recoveryId)) ?? latest;
    } catch (error) {
      // The action runs regardless, and its result is recorded later.
      logError('history not read', { recoveryId: order.recoveryId, error });
      return latest;
    }
    // An action that is being attempted is recorded as running.
    if (latest.actions.some(({ status }) => status !== 'running') || latest.status !== 'running') break;
    await new Promise((resolve) => setTimeout(resolve, POLL_DELAYS_MS[attempt] ?? MAX_POLL_DELAY_MS));
  }
  return latest;
}
