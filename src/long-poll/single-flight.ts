/**
 * A call that the requests of one isolate share: at most one is in flight, and requests that arrive meanwhile join it.
 *
 * The call belongs to the request that started it. When the platform ends that request, the call may never settle. A
 * request that joins must therefore wait with a time limit of its own, and a call that hangs is given up.
 *
 * Invariant: a call that was given up and replaced is no longer current, and its late response must change nothing.
 */

/** Registers background work with the platform, which otherwise ends the work together with its request. */
export type WaitUntil = (work: Promise<unknown>) => void;

export interface Flight {
  /** Epoch ms. */
  readonly startedAt: number;
  /** Settles as the call does. */
  readonly done: Promise<void>;
}

export class SingleFlight {
  private readonly giveUpAfterMs: number;
  private current: Flight | null = null;

  /** `giveUpAfterMs` is the age from which a call in flight is no longer joined but replaced. */
  constructor(giveUpAfterMs: number) {
    this.giveUpAfterMs = giveUpAfterMs;
  }

  /** Returns the call that can be joined, or null. `now` is epoch ms. */
  inFlight(now: number): Flight | null {
    const { current } = this;
    // After the clock went back, the age of the call is unknown.
    if (!current || now < current.startedAt || now - current.startedAt >= this.giveUpAfterMs) return null;
    return current;
  }

  /** Joins the call in flight, or starts one by calling `call` at once. */
  start(now: number, waitUntil: WaitUntil, call: (isCurrent: () => boolean) => Promise<void>): Flight {
    const joined = this.inFlight(now);
    if (joined) return joined;
    const flight = { startedAt: now, done: NOT_STARTED };
    this.current = flight;
    const isCurrent = (): boolean => this.current === flight;
    // With an async method in place of this chain, workerd ended waiting requests as hung (test/api/http/fuzz.test.ts).
    flight.done = new Promise<void>((resolve) => resolve(call(isCurrent))).finally(() => {
      if (isCurrent()) this.current = null;
    });
    waitUntil(flight.done.catch(() => undefined));
    return flight;
  }
}

const NOT_STARTED = Promise.resolve();
