/**
 * Calls that an object holds for a short time until its state changes. Blocking queries and streams stay in the Worker
 * and call in a loop, so a held call that is lost costs nothing.
 *
 * An object that holds a call is awake and billed, so the time is short. A change is still visible at once, and a
 * reader costs one call in that time instead of one for each poll.
 */

export const MAX_HOLD_MS = 1_000;
/** Further calls are not held but return at once. */
const MAX_HELD_CALLS = 2_000;

export class HeldCalls {
  private readonly releases = new Set<() => void>();

  get size(): number {
    return this.releases.size;
  }

  /** Resolves at the next `release`, and after `holdMs` or `MAX_HOLD_MS` at the latest. Never rejects. */
  wait(holdMs: number): Promise<void> {
    const ms = Math.min(holdMs, MAX_HOLD_MS);
    if (!(ms > 0) || this.releases.size >= MAX_HELD_CALLS) return Promise.resolve();
    return new Promise((resolve) => {
      const release = (): void => {
        clearTimeout(timer);
        this.releases.delete(release);
        resolve();
      };
      const timer = setTimeout(release, ms);
      this.releases.add(release);
    });
  }

  /** Ends all held calls. Call once a change is stored. */
  release(): void {
    for (const release of this.releases) release();
  }
}
