/** Since when room has been short: callers wait for it, or are refused for the want of it. In memory alone. */

/** So long after somebody was refused room is taken to be short. */
const RECENT_MS = 2_000;
/** So long after the last who found none it is short no more. */
const OVER_AFTER_MS = 10_000;
/** What is over sooner is no issue of the system's. */
const LASTING_MS = 5_000;

export class CapacityShortage {
  /** Called when it begins. */
  private readonly began: () => void;
  private since: number | null = null;
  private lastAt = -Infinity;
  private refusedAt = -Infinity;

  constructor(began: () => void) {
    this.began = began;
  }

  note(now: number): void {
    const isOn = this.isOn(now);
    this.lastAt = now;
    if (isOn) return;
    this.since = now;
    this.began();
  }

  noteRefused(now: number): void {
    this.refusedAt = now;
    this.note(now);
  }

  /** Whether somebody was refused a moment ago. */
  isRecent(now: number): boolean {
    return Math.abs(now - this.refusedAt) < RECENT_MS;
  }

  /** Since when the last of it was a moment ago at most. */
  isOn(now: number): boolean {
    return this.since !== null && Math.abs(now - this.lastAt) < OVER_AFTER_MS;
  }

  /** Since when it has lasted, epoch ms, once that is worth telling; null otherwise. */
  lastingSince(now: number): number | null {
    return this.isOn(now) && now - this.since! >= LASTING_MS ? this.since : null;
  }
}
