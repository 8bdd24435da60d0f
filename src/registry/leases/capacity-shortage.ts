/** Tracks a shortage of capacity: requests wait for a free slot, or are refused for lack of one. In memory only. */

/** How long after a refusal capacity still counts as short. */
const RECENT_MS = 2_000;
/** The shortage ends this long after the last request that found no free slot. */
const ENDS_AFTER_MS = 10_000;
/** A shorter shortage is not reported as a system issue. */
const REPORT_AFTER_MS = 5_000;

export class CapacityShortage {
  /** Called once when a shortage begins. */
  private readonly onBegin: () => void;
  private startedAt: number | null = null;
  private lastAt = -Infinity;
  private refusedAt = -Infinity;

  constructor(onBegin: () => void) {
    this.onBegin = onBegin;
  }

  /** Counts a request that found no free slot. */
  note(now: number): void {
    const wasActive = this.isActive(now);
    this.lastAt = now;
    if (wasActive) return;
    this.startedAt = now;
    this.onBegin();
  }

  noteRefused(now: number): void {
    this.refusedAt = now;
    this.note(now);
  }

  refusedRecently(now: number): boolean {
    return Math.abs(now - this.refusedAt) < RECENT_MS;
  }

  /** Whether a request found no free slot within the last `ENDS_AFTER_MS`. */
  isActive(now: number): boolean {
    return this.startedAt !== null && Math.abs(now - this.lastAt) < ENDS_AFTER_MS;
  }

  /** Start of the shortage, epoch ms, once it has lasted `REPORT_AFTER_MS`; null otherwise. */
  lastingSince(now: number): number | null {
    return this.isActive(now) && now - this.startedAt! >= REPORT_AFTER_MS ? this.startedAt : null;
  }
}
