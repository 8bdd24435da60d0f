/**
 * A value that an isolate caches and refreshes by calls to an object. A recent value is served at once, an older one
 * is refreshed in the background, and an even older one before it is served. Requests share one refresh at a time.
 *
 * The cache reads no clock: callers pass `now`, epoch ms. A refresh that hangs is given up, because the platform may
 * have ended the request that began it. After a failure the value and its age remain, and the next reader tries again.
 * The cache neither paces refreshes nor limits waiting requests; callers add both where they need them.
 *
 * Invariant: serving a value below `backgroundAfterMs` allocates nothing and awaits nothing.
 * Invariant: a refresh that was given up and replaced never stores a value.
 */
import type { Flight, WaitUntil } from '../long-poll/single-flight.ts';
import { SingleFlight } from '../long-poll/single-flight.ts';
import { succeedsWithin } from '../long-poll/succeeds-within.ts';

export interface RefreshingCacheOptions<T> {
  /** Returned by `value`, never by `read`, until the first refresh succeeds. */
  readonly initial: T;
  /** Age from which `read` refreshes in the background. */
  readonly backgroundAfterMs: number;
  /** Age from which `read` serves nothing. Read at each use, so a getter may follow the configuration. */
  readonly foregroundAfterMs: number;
  /** Time after which a refresh that has not settled is no longer joined but replaced. */
  readonly giveUpAfterMs: number;
  /** Makes the call and stores the result by `attempt.store`. Called synchronously by whatever begins the refresh. */
  readonly refresh: (attempt: RefreshAttempt<T>) => Promise<void>;
  /** Receives what `refresh` rejects with. */
  readonly onError: (error: unknown) => void;
}

export interface RefreshAttempt<T> {
  /** Epoch ms. */
  readonly startedAt: number;
  /** False once another refresh has replaced this one: the response must change nothing. */
  readonly isCurrent: () => boolean;
  /** Stores the value, whose age counts from `asOf`, epoch ms. Does nothing unless the attempt is current. */
  readonly store: (value: T, asOf: number) => void;
}

export class RefreshingCache<T> {
  private readonly options: RefreshingCacheOptions<T>;
  private readonly flight: SingleFlight;
  private cached: T;
  private cachedAsOf = 0;
  /** Refreshes that succeeded. */
  private refreshes = 0;

  constructor(options: RefreshingCacheOptions<T>) {
    this.options = options;
    this.flight = new SingleFlight(options.giveUpAfterMs);
    this.cached = options.initial;
  }

  /** The value of any age. */
  get value(): T {
    return this.cached;
  }

  /** When the age of the value begins, epoch ms; 0 before the first refresh. */
  get asOf(): number {
    return this.cachedAsOf;
  }

  /** Infinity before the first refresh, and when the clock went back. */
  ageAt(now: number): number {
    return this.cachedAsOf > 0 && now >= this.cachedAsOf ? now - this.cachedAsOf : Infinity;
  }

  /** Returns the value when it can be served at once, and begins a background refresh when it is due. */
  read(now: number, waitUntil: WaitUntil): T | null {
    const age = this.ageAt(now);
    if (age >= this.options.foregroundAfterMs) return null;
    if (age >= this.options.backgroundAfterMs && !this.flight.inFlight(now)) this.refresh(now, waitUntil);
    return this.cached;
  }

  /** Begins a refresh when one is due, for a caller that will read the value after it has waited for something else. */
  prepare(now: number, waitUntil: WaitUntil): void {
    if (this.ageAt(now) >= this.options.backgroundAfterMs) this.refresh(now, waitUntil);
  }

  /** The refresh that can be joined, or null. */
  inFlight(now: number): Flight | null {
    return this.flight.inFlight(now);
  }

  /**
   * Joins the refresh in flight, or begins one once `ready` has resolved. `done` of the returned flight never rejects.
   */
  refresh(now: number, waitUntil: WaitUntil, ready?: () => Promise<void>): Flight {
    return this.flight.start(now, waitUntil, (isCurrent) => this.attempt(now, isCurrent, ready));
  }

  /**
   * Joins or begins a refresh and waits for it, until `limitMs` after the refresh began. A request that joins a
   * refresh that hangs thus waits only for the rest. Resolves to whether a refresh has succeeded meanwhile.
   */
  async waitForRefresh(now: number, waitUntil: WaitUntil, limitMs: number): Promise<boolean> {
    const before = this.refreshes;
    const { startedAt, done } = this.refresh(now, waitUntil);
    await succeedsWithin(done, startedAt + limitMs - now);
    return this.refreshes !== before;
  }

  /** Replaces the value and keeps its age, since the caller knows of one change only and not of all others. */
  replace(value: T): void {
    this.cached = value;
  }

  private async attempt(startedAt: number, isCurrent: () => boolean, ready?: () => Promise<void>): Promise<void> {
    try {
      if (ready) await ready();
      await this.options.refresh({
        startedAt,
        isCurrent,
        store: (value, asOf) => {
          if (isCurrent()) this.store(value, asOf);
        },
      });
    } catch (error) {
      this.options.onError(error);
    }
  }

  private store(value: T, asOf: number): void {
    this.cached = value;
    this.cachedAsOf = asOf;
    this.refreshes++;
  }
}
