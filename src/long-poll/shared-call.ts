/**
 * A call to an object that many readers of one isolate wait for: one is under way at a time, begun by whoever finds
 * none, and all who come meanwhile share it.
 *
 * It belongs to the request that began it. Should the platform end that one, it may never settle: so each waits for
 * a while only, and one that has been under way for longer is given up for the next.
 */
import { settlesWithin } from './with-timeout.ts';

/** One who reads: its calls are counted, because the platform ends a request that makes too many. */
export interface Reader {
  calls: number;
  /** When it was last seen to go on, epoch ms: the platform may end it without a word. */
  seenAt: number;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** Longer than an object holds a call, by what a call may take. */
const GIVE_UP_MS = 4_000;

interface UnderWay {
  readonly beganAt: number;
  readonly done: Promise<void>;
}

export class SharedCall {
  private readonly make: (isCurrent: () => boolean) => Promise<void>;
  private underWay: UnderWay | null = null;

  /** `make` makes the call and takes in its answer, unless it is not the current one any more. */
  constructor(make: (isCurrent: () => boolean) => Promise<void>) {
    this.make = make;
  }

  /** Waits for the call under way, or a new one; whether it was answered in time. */
  join(reader: Reader, limitMs = GIVE_UP_MS): Promise<boolean> {
    reader.seenAt = Date.now();
    return settlesWithin(this.current(reader).done, Math.min(limitMs, GIVE_UP_MS));
  }

  private current(reader: Reader): UnderWay {
    const now = Date.now();
    const before = this.underWay;
    // A clock that went back tells nothing of its age.
    if (before && now >= before.beganAt && now - before.beganAt < GIVE_UP_MS) return before;
    reader.calls++;
    const isCurrent = (): boolean => this.underWay === begun;
    const done = Promise.resolve()
      .then(() => this.make(isCurrent))
      .finally(() => {
        if (isCurrent()) this.underWay = null;
      });
    const begun: UnderWay = { beganAt: now, done };
    this.underWay = begun;
    // Its beginner may be answered before it is: without this it would die with that request.
    reader.waitUntil(done.catch(() => undefined));
    return begun;
  }
}
