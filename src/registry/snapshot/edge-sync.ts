/**
 * Edge synchronization in the registry: sends each edge only what changed since its last sync. Applies the assignment
 * counts of the edge and the outcomes that its callers reported.
 * In memory only: after an eviction there is a new epoch, and edges fetch the whole snapshot again.
 */
import type { Condition } from '../../core/balancing/candidate.ts';
import type { EdgeMembership } from '../../core/balancing/edge-membership.ts';
import { join, sinceLastSync } from '../../core/balancing/edge-membership.ts';
import type { EdgeMember } from '../../core/balancing/aperture.ts';
import type {
  ChangedComponent,
  DeltaPosition,
  SnapshotDeltaPage,
  SnapshotVersion,
} from '../../core/balancing/snapshot-delta.ts';
import { LIVE_STATS_WIDTH, packLiveStats } from '../../core/balancing/snapshot-delta.ts';
import { registrationBytes } from '../../core/component/registration-size.ts';
import { addAssignments, applyOutcomes } from '../../core/component/load.ts';
import { registrationText, toCondition } from '../state/component-views.ts';
import type { MemberOutcomes } from '../health/outlier-ejection.ts';
import type { AssignmentCounts, ReportedOutcomes, SyncRequest } from '../contract/snapshot-api.ts';
import type { RegistryState } from '../state/registry-state.ts';
import type { PositionTable } from './position-table.ts';

/** Edges sync about once a second; within this time one comparison of the members serves them all. */
const REFRESH_EVERY_MS = 50;
/** A quarter of what one RPC may return: characters beyond Latin-1 may take twice their bytes of UTF-8. */
const MAX_PAGE_BYTES = 8_388_608;
/** The registration is sent as text, and its metadata, which may be most of it, as data for preferences too. */
const COPIES = 2;
/** What a candidate has besides its registration, and what a condition has. */
const CONDITION_BYTES = 512;
const STATS_BYTES = 8 * LIVE_STATS_WIDTH;

export class EdgeSync {
  private readonly state: RegistryState;
  private readonly positions: PositionTable;
  private readonly maxPageBytes: number;
  private readonly membership: EdgeMembership = new Map();

  constructor(state: RegistryState, positions: PositionTable, maxPageBytes = MAX_PAGE_BYTES) {
    this.state = state;
    this.positions = positions;
    this.maxPageBytes = maxPageBytes;
  }

  /** Number and traffic share of an edge among all edges; null for an edge without an id. */
  edgeMember(edge: string | undefined, assignments: AssignmentCounts, now: number): EdgeMember | null {
    if (edge === undefined) return null;
    const count = assignments.reduce((sum, [, each]) => sum + each, 0);
    return join(this.membership, edge, count, now);
  }

  /**
   * Applies the edge's assignment counts, made evenly since its last sync. Counts from another epoch are dropped: their
   * positions may now belong to other components.
   */
  applyAssignments({ edge, syncedTo, assignments }: SyncRequest, now: number): void {
    if (syncedTo?.epoch !== this.positions.epoch) return;
    const overMs = sinceLastSync(this.membership, edge, now);
    for (const [position, count] of assignments) {
      const { member = null, assignedVersion = 0 } = this.positions.entries[position] ?? {};
      // The edge assigned the work to an earlier member at this position.
      if (!member || assignedVersion > syncedTo.version) continue;
      const load = addAssignments(member.record.load, { count, overMs }, this.state.estimateContext(now));
      member.record = { ...member.record, load };
      this.positions.markDirty(member.record.registration.id);
    }
  }

  /** Applies reported outcomes; returns them with the members that did the work. */
  applyOutcomes(reported: ReportedOutcomes, now: number): MemberOutcomes[] {
    const results: MemberOutcomes[] = [];
    for (const [id, outcomes] of reported) {
      const member = this.state.members.get(id);
      if (!member) continue;
      const load = applyOutcomes(member.record.load, outcomes, this.state.estimateContext(now));
      member.record = { ...member.record, load };
      this.positions.markDirty(id);
      results.push({ member, work: outcomes });
    }
    return results;
  }

  /** Returns a page of the changes since `syncedTo`. After a page of an earlier epoch comes the first of this one. */
  delta(syncedTo: SnapshotVersion | null, from: DeltaPosition | null, now: number): SnapshotDeltaPage {
    this.positions.refresh(now, REFRESH_EVERY_MS);
    const { epoch, version, entries } = this.positions;
    const full = syncedTo?.epoch !== epoch;
    const since = full ? -1 : syncedTo.version;
    const changed: ChangedComponent[] = [];
    const conditions: [number, Condition][] = [];
    const liveStats: number[] = [];
    let position = from?.epoch === epoch ? from.position : 0;
    for (let bytes = 0; position < entries.length && bytes < this.maxPageBytes; position++) {
      const { candidate, record, changedVersion, conditionVersion, statsVersion } = entries[position]!;
      if (full || changedVersion > since) {
        if (!candidate && full) continue;
        changed.push(record ? [position, candidate, registrationText(record)] : [position, candidate]);
        bytes += CONDITION_BYTES + (record ? COPIES * registrationBytes(record.registration) : 0);
        continue;
      }
      if (record && conditionVersion > since) {
        conditions.push([position, toCondition(record)]);
        bytes += CONDITION_BYTES;
      }
      if (candidate && statsVersion > since) {
        liveStats.push(...packLiveStats(position, candidate.liveStats));
        bytes += STATS_BYTES;
      }
    }
    return {
      epoch,
      version,
      revision: this.state.revision,
      full,
      size: entries.length,
      changed,
      conditions,
      liveStats: Float64Array.from(liveStats),
      sentAt: now,
      nextCheckAt: this.state.index.nextCheckAt,
      next: position < entries.length ? { epoch, position } : null,
    };
  }
}
