/**
 * The registry's own candidate pool, from which it decides leases. Kept compiled by patching changed positions, with
 * the current work in flight: known from leased slots and load that components report, estimated from assignments that
 * edges report.
 */
import type { CandidatePool } from '../../core/balancing/candidate-pool.ts';
import {
  advanceSlowStart,
  compilePool,
  fadeTimes,
  needsRecompile,
  patchPool,
} from '../../core/balancing/candidate-pool.ts';
import { countLeased, decayRecent, noWork, resizeWork, setEstimate } from '../../core/balancing/open-work.ts';
import { NO_ESTIMATE } from '../../core/component/work-estimate.ts';
import { registrationText } from '../state/component-views.ts';
import type { RegistryState } from '../state/registry-state.ts';
import type { PositionTable } from '../snapshot/position-table.ts';
import { lastChangedVersion } from '../snapshot/position-table.ts';

/** With a thousand members, comparing all of them costs more than a decision. */
const REFRESH_EVERY_MS = 50;
/** Factor by which `recent` work decays each second, as at the edge. */
const DECAY_PER_SECOND = 0.7;

export class LivePool {
  pool: CandidatePool;
  readonly work = noWork(0);
  private readonly state: RegistryState;
  private readonly positions: PositionTable;
  /** Positions with slots counted here since the last refresh. */
  private readonly counted = new Set<number>();
  private version = 0;
  private decayedAt = 0;

  constructor(state: RegistryState, positions: PositionTable) {
    this.state = state;
    this.positions = positions;
    this.pool = compilePool([], state.balancing, 0);
  }

  /** Brings the pool up to date with the members; true when any of them changed. */
  refresh(now: number): boolean {
    // Leased and freed slots show at once.
    this.positions.refresh(now, REFRESH_EVERY_MS);
    const { entries, version } = this.positions;
    const isChanged = version !== this.version || this.counted.size > 0;
    resizeWork(this.work, entries.length);
    if (version !== this.version) {
      entries.forEach((entry, position) => {
        if (lastChangedVersion(entry) <= this.version) return;
        patchPool(this.pool, position, entry.candidate, now);
        this.recount(position);
      });
      this.version = version;
    }
    // Stats that return to their earlier value move no version: the slots counted here must go all the same.
    for (const position of this.counted) this.recount(position);
    this.counted.clear();
    advanceSlowStart(this.pool, now);
    if (this.pool.settings !== this.state.balancing || needsRecompile(this.pool))
      this.pool = compilePool(this.pool.candidates, this.state.balancing, now);
    this.decayWork(now);
    return isChanged;
  }

  /** The registration of the component at a position, as JSON text. */
  readonly registrationAt = (position: number): string => registrationText(this.positions.entries[position]!.record!);

  /** Counts slots granted since the last refresh. */
  countGranted(position: number, slots: number): void {
    countLeased(this.work, position, slots);
    this.counted.add(position);
  }

  /** Refreshes the pool and drops all slots that were reserved for queued requests. */
  releaseReservations(now: number): void {
    this.refresh(now);
    for (let position = 0; position < this.pool.candidates.length; position++) this.recount(position);
  }

  private recount(position: number): void {
    const liveStats = this.pool.candidates[position]?.liveStats;
    this.work.known[position] = liveStats?.inFlight ?? 0;
    const estimate = liveStats
      ? { count: liveStats.estimated, presumedEnded: 0, at: liveStats.estimatedAt }
      : NO_ESTIMATE;
    setEstimate(this.work, position, estimate);
  }

  private decayWork(now: number): void {
    const seconds = (now - this.decayedAt) / 1_000;
    // After the clock went back, the decay counts from now again.
    if (seconds >= 0 && seconds < 1) return;
    decayRecent(this.work, DECAY_PER_SECOND ** Math.max(1, seconds));
    fadeTimes(this.pool, now);
    this.decayedAt = now;
  }
}
