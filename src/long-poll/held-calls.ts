/**
 * Calls that an object holds back until something has moved, for a short while. What blocking queries and streams
 * wait on: they stay in the Worker and call again and again, so nothing depends on a call that was held.
 *
 * An object that holds a call is awake and billed, so the time is short; and yet a change is told at once, and a
 * reader costs one call in that time and not one for every look.
 */

/** The longest that a call is held. */
export const MAX_HOLD_MS = 1_000;
/** Beyond so many, who comes is answered at once and comes back when it likes. */
const MAX_HELD = 2_000;

export class HeldCalls {
  private readonly held = new Set<() => void>();

  get size(): number {
    return this.held.size;
  }

  /** Resolves when something has moved, and after `holdMs` at the latest. Never rejects. */
  wait(holdMs: number): Promise<void> {
    const ms = Math.min(holdMs, MAX_HOLD_MS);
    if (!(ms > 0) || this.held.size >= MAX_HELD) return Promise.resolve();
    return new Promise((resolve) => {
      const release = (): void => {
        clearTimeout(timer);
        this.held.delete(release);
        resolve();
      };
      const timer = setTimeout(release, ms);
      this.held.add(release);
    });
  }

  /** Something has moved: to be called once it is stored. */
  release(): void {
    for (const release of this.held) release();
  }
}
