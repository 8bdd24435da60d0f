/**
 * The registry's side of edge routing: tells each edge only what changed since it asked last. Takes in what
 * edges gave and what callers reported.
 *
 * All of it is in memory: after an eviction there is a new epoch, and edges fetch the fleet whole.
 */
import type { Candidate, Condition } from '../../core/balancing/candidate.ts';
import type { EdgeMembership } from '../../core/balancing/edge-membership.ts';
import { join } from '../../core/balancing/edge-membership.ts';
import type { EdgeMember } from '../../core/balancing/aperture.ts';
import type { EdgePosition, SnapshotDelta } from '../../core/balancing/snapshot-delta.ts';
import { packLiveStats } from '../../core/balancing/snapshot-delta.ts';
import { assign, settle } from '../../core/component/load.ts';
import { nextCheckAt, toCondition } from '../state/component-views.ts';
import type { MemberOutcomes } from '../health/outlier-ejection.ts';
import type { AssignmentCounts, ReportedOutcomes } from '../contract/snapshot-api.ts';
import type { RegistryState } from '../state/registry-state.ts';
import type { PositionTable } from './position-table.ts';

/** Edges ask about once a second; within this time one look at the members serves them all. */
const LOOK_EVERY_MS = 50;

export class EdgeSync {
  private readonly state: RegistryState;
  private readonly seating: PositionTable;
  private readonly roll: EdgeMembership = new Map();

  constructor(state: RegistryState, seating: PositionTable) {
    this.state = state;
    this.seating = seating;
  }

  /** What an edge is among all that decide. */
  decider(edge: string | undefined, given: AssignmentCounts, now: number): EdgeMember | null {
    if (edge === undefined) return null;
    const count = given.reduce((sum, [, each]) => sum + each, 0);
    return join(this.roll, edge, count, now);
  }

  /** Counts what an edge gave; of another epoch nobody can say to whom. */
  takeGiven(place: EdgePosition | null, given: AssignmentCounts, now: number): void {
    if (place?.epoch !== this.seating.epoch) return;
    for (const [position, count] of given) {
      const { member = null, seatedAt = 0 } = this.seating.seats[position] ?? {};
      // It went to whoever sat there as far as the edge knew.
      if (!member || seatedAt > place.version) continue;
      const { load, health } = member.record;
      const usualMs = load.workMs ?? health.usualResponseTimeMs;
      member.record = { ...member.record, load: assign(load, count, usualMs, now) };
      this.seating.touch(member.record.registration.id);
    }
  }

  /** Takes in what callers reported; answers whose work it was. */
  takeReported(reported: ReportedOutcomes, now: number): MemberOutcomes[] {
    const told: MemberOutcomes[] = [];
    for (const [id, outcomes] of reported) {
      const member = this.state.members.get(id);
      if (!member) continue;
      member.record = { ...member.record, load: settle(member.record.load, outcomes, now) };
      this.seating.touch(id);
      told.push({ member, work: outcomes });
    }
    return told;
  }

  delta(place: EdgePosition | null, now: number): SnapshotDelta {
    this.seating.look(now, LOOK_EVERY_MS);
    const { epoch, version, seats } = this.seating;
    const full = place?.epoch !== epoch;
    const since = full ? -1 : place.version;
    const changed: [number, Candidate | null][] = [];
    const turned: [number, Condition][] = [];
    const vitals: number[] = [];
    seats.forEach(({ candidate, record, changedAt, turnedAt, movedAt }, position) => {
      const isWhole = full || changedAt > since;
      if (isWhole && (candidate || !full)) changed.push([position, candidate]);
      if (!isWhole && record && turnedAt > since) turned.push([position, toCondition(record)]);
      if (!isWhole && candidate && movedAt > since) vitals.push(...packLiveStats(position, candidate.vitals));
    });
    return {
      epoch,
      version,
      revision: this.state.revision,
      full,
      size: seats.length,
      changed,
      turned,
      vitals: Float64Array.from(vitals),
      nextCheckAt: nextCheckAt(this.state.members),
    };
  }
}
