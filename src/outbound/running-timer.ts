/**
 * A timeout that counts only time in which this isolate ran. A timer that fires late shows that the isolate was starved
 * or suspended, and that a response may be waiting unread. So the timer starts again for as long as it was late, a few
 * times at most.
 */

/** Event loops are usually some ms late. A longer delay is the isolate's fault, not the remote host's. */
const TOLERANCE_MS = 250;
const MAX_EXTENSION_MS = 1_000;
const MAX_EXTENSIONS = 3;

export class RunningTimer {
  private readonly onExpired: (isLate: boolean) => void;
  private timer: ReturnType<typeof setTimeout> | null = null;
  /** Epoch ms at which the timer is to fire; Infinity after it has expired. */
  private plannedAt = Infinity;
  private lostMs = 0;
  private extensions = 0;

  /** Calls `onExpired` after `ms`. `isLate`: even the last extension fired late, so the silence proves nothing. */
  constructor(ms: number, onExpired: (isLate: boolean) => void) {
    this.onExpired = onExpired;
    this.start(ms);
  }

  /** Time, ms, in which the isolate has not run as far as this timer can tell. */
  get lateMs(): number {
    return this.lostMs + latenessAfter(this.plannedAt);
  }

  cancel(): void {
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private start(ms: number): void {
    this.plannedAt = Date.now() + ms;
    this.timer = setTimeout(() => this.fire(), ms);
  }

  private fire(): void {
    const lateMs = latenessAfter(this.plannedAt);
    this.plannedAt = Infinity;
    this.lostMs += lateMs;
    if (lateMs === 0 || this.extensions === MAX_EXTENSIONS) return this.onExpired(lateMs > 0);
    this.extensions++;
    this.start(Math.min(lateMs, MAX_EXTENSION_MS));
  }
}

function latenessAfter(plannedAt: number): number {
  const lateMs = Date.now() - plannedAt;
  return lateMs > TOLERANCE_MS ? lateMs : 0;
}
