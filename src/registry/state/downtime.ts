/**
 * How long this object did not run though it should have: it slept, was evicted, its machine was paused, or the
 * clock went forward. What should have been heard meanwhile proves nothing.
 *
 * In memory: what an eviction forgets is at worst a removal that comes as early as without it.
 */

/** An alarm is a few ms late; later than this, we were away. */
export const DOWNTIME_MS = 5_000;
/** Whoever is late all the time is slow, not asleep: what failed then counts every other time at least. */
const EXCUSED_EVERY_MS = 30_000;
const MOST_KEPT = 64;

interface Sleep {
  /** When it was noticed, epoch ms. */
  readonly at: number;
  readonly ms: number;
}

export class Downtime {
  private kept: readonly Sleep[] = [];

  /** Takes note when it is so much later than it should be; true when what failed meanwhile is excused. */
  note(lateMs: number, now: number): boolean {
    // Those in the future were noticed before the clock went back.
    this.kept = this.kept.filter(({ at }) => at <= now);
    const wokeAt = this.kept.at(-1)?.at ?? -Infinity;
    const from = Math.max(now - lateMs, wokeAt);
    if (now - from <= DOWNTIME_MS) return false;
    this.kept = [...this.kept, { at: now, ms: now - from }].slice(-MOST_KEPT);
    return from - wokeAt >= EXCUSED_EVERY_MS;
  }

  /** How much of the time since then we slept, ms. */
  since(time: number): number {
    return this.kept.reduce((sum, { at, ms }) => (at > time ? sum + Math.min(ms, at - time) : sum), 0);
  }
}
