/**
 * A timeout that counts only time in which this isolate ran. The time is measured in slices. A slice that ends late
 * shows that the event loop is busy, or that the isolate was suspended, and that a response may be waiting unread.
 */

/** Longest slice, ms. A slice that is late by more than its own length does not count. */
const SLICE_MS = 500;
/** Event loops are usually some ms late. A longer delay is the isolate's fault, not the remote host's. */
const TOLERANCE_MS = 20;
/** Slices that do not count, after which the timer gives up. */
const MAX_UNCOUNTED = 6;

export class RunningTimer {
  private readonly onExpired: (isLate: boolean) => void;
  private timer: ReturnType<typeof setTimeout> | null = null;
  /** Epoch ms at which the current slice is to end; Infinity after the timer has expired. */
  private plannedAt = Infinity;
  private lostMs = 0;
  private remainingMs: number;
  private uncounted = 0;

  /** Calls `onExpired` after `ms`. `isLate`: the isolate hardly ran, so the silence proves nothing. */
  constructor(ms: number, onExpired: (isLate: boolean) => void) {
    this.onExpired = onExpired;
    this.remainingMs = ms;
    this.startSlice();
  }

  /** Time, ms, in which the isolate has not run as far as this timer can tell. */
  get lateMs(): number {
    return this.lostMs + latenessAfter(this.plannedAt);
  }

  cancel(): void {
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private startSlice(): void {
    const sliceMs = Math.min(SLICE_MS, this.remainingMs);
    this.plannedAt = Date.now() + sliceMs;
    this.timer = setTimeout(() => this.endSlice(sliceMs), sliceMs);
  }

  private endSlice(sliceMs: number): void {
    const lateMs = latenessAfter(this.plannedAt);
    // Small delays count, so that they do not add up over the slices.
    const ranMs = lateMs === 0 ? sliceMs + Date.now() - this.plannedAt : sliceMs;
    this.plannedAt = Infinity;
    this.lostMs += lateMs;
    if (lateMs <= sliceMs) this.remainingMs -= ranMs;
    else this.uncounted++;
    if (this.remainingMs <= 0) this.onExpired(false);
    else if (this.uncounted > MAX_UNCOUNTED) this.onExpired(true);
    else this.startSlice();
  }
}

function latenessAfter(plannedAt: number): number {
  const lateMs = Date.now() - plannedAt;
  return lateMs > TOLERANCE_MS ? lateMs : 0;
}
