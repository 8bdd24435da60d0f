/**
 * A repeated call to an object that many readers of one isolate wait for. A reader that finds no call in flight starts
 * one, and readers that arrive meanwhile join it. Each reader waits with a timer of its own.
 */
import { SingleFlight } from './single-flight.ts';
import type { WaitUntil } from './single-flight.ts';
import { succeedsWithin } from './succeeds-within.ts';

/** A request that reads in a loop. */
export interface Reader {
  /** Calls that the request has started: the platform ends a request that makes too many. */
  calls: number;
  /** When the request was last active, epoch ms: the platform may end the request without notice. */
  seenAt: number;
  readonly waitUntil: WaitUntil;
}

/** Exceeds `MAX_HOLD_MS` by the time that the call itself may take. */
const GIVE_UP_MS = 4_000;

export class SharedCall {
  private readonly make: (isCurrent: () => boolean) => Promise<void>;
  private readonly flight = new SingleFlight(GIVE_UP_MS);

  /** `make` makes the call and applies the response, unless `isCurrent` has become false. */
  constructor(make: (isCurrent: () => boolean) => Promise<void>) {
    this.make = make;
  }

  /** Joins the call in flight or starts one; resolves to whether the call succeeded within `limitMs`. */
  join(reader: Reader, limitMs = GIVE_UP_MS): Promise<boolean> {
    const now = Date.now();
    reader.seenAt = now;
    if (!this.flight.inFlight(now)) reader.calls++;
    const { done } = this.flight.start(now, reader.waitUntil, (isCurrent) =>
      Promise.resolve().then(() => this.make(isCurrent)),
    );
    return succeedsWithin(done, Math.min(limitMs, GIVE_UP_MS));
  }
}
