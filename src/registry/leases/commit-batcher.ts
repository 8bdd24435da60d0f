/**
 * Group commit: runs calls that arrive at about the same time in one turn of the event loop. The platform commits the
 * writes of a turn as a whole and holds back all its responses until they are on disk. A commit costs many times what
 * a row does, and the object does nothing else meanwhile.
 *
 * Waiting for other calls takes a timer, about 1 ms. A single call that follows a single call therefore runs at once.
 */
export class CommitBatcher {
  private readonly whenCommitted: () => Promise<void>;
  private waiting: (() => void)[] = [];
  private wasAlone = true;
  private isCommitting = false;

  /** `whenCommitted` resolves when everything written before its call is on disk. */
  constructor(whenCommitted: () => Promise<void>) {
    this.whenCommitted = whenCommitted;
  }

  /** Resolves when the caller may run. All calls of a batch run in order of arrival, each up to its next await. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      if (this.waiting.push(resolve) > 1) return;
      if (this.wasAlone && !this.isCommitting) this.begin();
      // The timer fires only after the platform has read the calls that have arrived by then.
      else setTimeout(() => this.begin(), 0);
    });
  }

  private begin(): void {
    const { waiting } = this;
    this.waiting = [];
    this.wasAlone = waiting.length === 1;
    for (const resolve of waiting) resolve();
    if (this.wasAlone) void this.awaitCommit();
  }

  /** Until this batch is committed, the next call counts as not alone. */
  private async awaitCommit(): Promise<void> {
    this.isCommitting = true;
    try {
      // The caller's continuation is queued after this one: by the second microtask it has written.
      await Promise.resolve();
      await Promise.resolve();
      await this.whenCommitted();
    } catch {
      // The platform resets an object that cannot store, and fails its pending calls.
    } finally {
      this.isCommitting = false;
    }
  }
}
