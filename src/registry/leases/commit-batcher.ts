/**
 * Calls that come at about the same time, worked on in one turn of the event loop: the platform commits what a turn
 * wrote as a whole and holds back all its answers until that is on the disk. A commit costs many times what a row
 * does, and the object does nothing else meanwhile.
 *
 * To wait for others takes a timer, about a millisecond. So who comes alone, after somebody who was alone, goes
 * on at once.
 */
export class CommitBatcher {
  private readonly committed: () => Promise<void>;
  private waiting: (() => void)[] = [];
  private wasAlone = true;
  private isCommitting = false;

  /** `committed` resolves when all that was written by then is on the disk. */
  constructor(committed: () => Promise<void>) {
    this.committed = committed;
  }

  /** Resolves when it is its turn. All who wait go on in it, in the order they came, each as far as its next await. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      if (this.waiting.push(resolve) > 1) return;
      if (this.wasAlone && !this.isCommitting) this.begin();
      // It goes off only after what has arrived by then was read.
      else setTimeout(() => this.begin(), 0);
    });
  }

  private begin(): void {
    const { waiting } = this;
    this.waiting = [];
    this.wasAlone = waiting.length === 1;
    for (const resolve of waiting) resolve();
    if (this.wasAlone) void this.noteCommit();
  }

  /** Until it is committed who comes is not alone. */
  private async noteCommit(): Promise<void> {
    this.isCommitting = true;
    try {
      // Who goes on at once waits for its promise only after this: by the second it has written.
      await Promise.resolve();
      await Promise.resolve();
      await this.committed();
    } catch {
      // The platform ends an object that cannot store, and tells who waits for it.
    } finally {
      this.isCommitting = false;
    }
  }
}
