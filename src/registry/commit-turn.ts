/**
 * Calls that come at about the same time, worked on in one turn of the event loop: the platform commits what a turn
 * wrote as a whole and holds back all its answers until that is on the disk. A commit costs many times what a row
 * does, and the object does nothing else meanwhile; who comes then shares the next one.
 */
export class CommitTurn {
  private waiting: (() => void)[] = [];

  /** Resolves in the next turn. All who wait go on in it, in the order they came, each as far as its next await. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      // A timer goes off only after what has arrived by now was read.
      if (this.waiting.push(resolve) === 1) setTimeout(() => this.begin(), 0);
    });
  }

  private begin(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
