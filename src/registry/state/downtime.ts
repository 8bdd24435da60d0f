/**
 * Times in which this object did not run though it should have. The object was suspended or evicted, its machine was
 * paused, or the clock went forward. Missing signals from such a time prove nothing.
 *
 * In memory only. An eviction loses the record; at worst a component is then removed as early as without it.
 */

/** An alarm is usually a few ms late. A longer delay counts as downtime. */
export const MIN_DOWNTIME_MS = 5_000;
/**
 * Shortest interval between two excused gaps. An object that is always late is slow, not suspended, so failures count
 * at least every other time.
 */
const MIN_GRACE_INTERVAL_MS = 30_000;
const MAX_GAPS = 64;

interface Gap {
  /** Epoch ms at which the registry noticed the gap. */
  readonly at: number;
  readonly ms: number;
}

export class Downtime {
  private gaps: readonly Gap[] = [];

  /** Records a gap if the object runs `lateMs` too late. Returns true if failures within the gap are excused. */
  record(lateMs: number, now: number): boolean {
    // Gaps in the future were recorded before the clock went back.
    this.gaps = this.gaps.filter(({ at }) => at <= now);
    const lastResumedAt = this.gaps.at(-1)?.at ?? -Infinity;
    const from = Math.max(now - lateMs, lastResumedAt);
    if (now - from <= MIN_DOWNTIME_MS) return false;
    this.gaps = [...this.gaps, { at: now, ms: now - from }].slice(-MAX_GAPS);
    return from - lastResumedAt >= MIN_GRACE_INTERVAL_MS;
  }

  /** Returns the downtime since `time` (epoch ms), in ms. */
  since(time: number): number {
    return this.gaps.reduce((sum, { at, ms }) => (at > time ? sum + Math.min(ms, at - time) : sum), 0);
  }
}
