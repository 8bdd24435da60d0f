/**
 * Writes a recovery to D1 while an action runs, so that readers see its progress. The action never waits for a write. A
 * failed write has no consequence, because the following step writes the same row again.
 */
import type { RecordedRecovery } from '../history/recovery-history.ts';
import { withinDeadline } from '../history/history-deadline.ts';
import { saveRecovery } from '../history/recovery-history.ts';
import { logError } from '../logging/log-error.ts';

export class ProgressWriter {
  private readonly db: D1Database;
  private last: Promise<void> = Promise.resolve();

  constructor(db: D1Database) {
    this.db = db;
  }

  /** Queues a write. Writes are sequential, because an older state must not overwrite a newer one. */
  write(recovery: RecordedRecovery): void {
    this.last = this.last
      .then(() => saveRecovery(this.db, recovery))
      .catch((error: unknown) => {
        const { recoveryId } = recovery;
        logError('progress not recorded', { recoveryId, error });
      });
  }

  /** Resolves when every queued write has succeeded or failed, at the latest at the deadline of the history. */
  settled(): Promise<void> {
    return withinDeadline(this.last).catch(() => undefined);
  }
}
