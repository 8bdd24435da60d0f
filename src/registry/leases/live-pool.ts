/**
 * The registry's own fleet: what leases are decided from. Kept compiled by patching, with the work in flight
 * as it is this moment: leased slots, what components report of themselves, and what edges gave.
 */
import type { CandidatePool } from '../../core/balancing/candidate-pool.ts';
import { advancePool, compilePool, forgetTimes, isOutgrown, patchPool } from '../../core/balancing/candidate-pool.ts';
import { decay, resizeWork, noWork } from '../../core/balancing/open-work.ts';
import type { RegistryState } from '../state/registry-state.ts';
import type { PositionTable } from '../snapshot/position-table.ts';
import { lastChangeOf } from '../snapshot/position-table.ts';

/** With a thousand members a look at all of them costs more than a decision. */
const LOOK_EVERY_MS = 50;
/** What `lately` keeps of itself for each second, as at the edge. */
const FADE_PER_SECOND = 0.7;

export class LivePool {
  fleet: CandidatePool;
  readonly work = noWork(0);
  private readonly state: RegistryState;
  private readonly seating: PositionTable;
  /** Positions whose work was counted here since the members were looked at. */
  private readonly counted = new Set<number>();
  private version = 0;
  private fadedAt = 0;

  constructor(state: RegistryState, seating: PositionTable) {
    this.state = state;
    this.seating = seating;
    this.fleet = compilePool([], state.balancing, 0);
  }

  /** Brings it to how the members are now; true when any of them is different. */
  bring(now: number): boolean {
    // Slots that leases take and free are seen at once; what edges gave ends by the clock, and may wait.
    this.seating.look(now, LOOK_EVERY_MS);
    const { seats, version } = this.seating;
    const isChanged = version !== this.version || this.counted.size > 0;
    resizeWork(this.work, seats.length);
    if (version !== this.version) {
      seats.forEach((seat, position) => {
        if (lastChangeOf(seat) <= this.version) return;
        patchPool(this.fleet, position, seat.candidate, now);
        this.recount(position);
      });
      this.version = version;
    }
    // A number that is again what it was is no change: what was counted here meanwhile is not on top of it.
    for (const position of this.counted) this.recount(position);
    this.counted.clear();
    advancePool(this.fleet, now);
    if (this.fleet.settings !== this.state.balancing || isOutgrown(this.fleet))
      this.fleet = compilePool(this.fleet.candidates, this.state.balancing, now);
    this.fade(now);
    return isChanged;
  }

  /** Counts slots that were taken since it was brought up to date. */
  noteTaken(position: number, slots: number): void {
    this.work.open[position]! += slots;
    this.work.lately[position]! += slots;
    this.counted.add(position);
  }

  /** Brings it up to date, and gives up the room that was held for those who wait. */
  release(now: number): void {
    this.bring(now);
    for (let position = 0; position < this.fleet.candidates.length; position++) this.recount(position);
  }

  private recount(position: number): void {
    this.work.open[position] = this.fleet.candidates[position]?.vitals.inFlight ?? 0;
  }

  private fade(now: number): void {
    const seconds = (now - this.fadedAt) / 1_000;
    // A clock that went back begins anew.
    if (seconds >= 0 && seconds < 1) return;
    decay(this.work, FADE_PER_SECOND ** Math.max(1, seconds));
    forgetTimes(this.fleet, now);
    this.fadedAt = now;
  }
}
