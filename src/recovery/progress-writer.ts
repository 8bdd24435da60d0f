/**
 * Writes a recovery down while an action is under way, so that it can be read then. The action never waits for it,
 * and nothing goes wrong with it: the step that follows writes the same row again.
 */
import type { RecordedRecovery } from '../history/recovery-history.ts';
import { saveRecovery } from '../history/recovery-history.ts';

export class ProgressWriter {
  private readonly db: D1Database;
  private last: Promise<void> = Promise.resolve();

  constructor(db: D1Database) {
    this.db = db;
  }

  /** One after the other: an older state must not overwrite a newer one. */
  write(recovery: RecordedRecovery): void {
    this.last = this.last
      .then(() => saveRecovery(this.db, recovery))
      .catch((error: unknown) => {
        const { recoveryId } = recovery;
        console.error(JSON.stringify({ message: 'progress not recorded', recoveryId, error: String(error) }));
      });
  }

  /** Once all of it is written, or has failed to be. */
  settled(): Promise<void> {
    return this.last;
  }
}
