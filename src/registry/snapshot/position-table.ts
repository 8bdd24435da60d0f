/**
 * The members of a registry as candidates, each at a stable position, with the version of its last change. Edges and
 * the registry's own pool keep candidates by position and are brought up to date from here.
 * In memory only: after an eviction there is a new epoch, and positions may belong to other components.
 */
import type { Candidate } from '../../core/balancing/candidate.ts';
import { hasMoved } from '../../core/balancing/snapshot-delta.ts';
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { reasonOf } from '../../core/component/resource.ts';
import { toCandidate, toCondition, toLiveStats } from '../state/component-views.ts';
import type { Member } from '../state/member.ts';
import type { RegistryState } from '../state/registry-state.ts';

interface PositionEntry {
  member: Member | null;
  /** The record from which the candidate was compiled last. */
  record: ComponentRecord | null;
  candidate: Candidate | null;
  /** Version in which this member got the position. */
  assignedVersion: number;
  /** Version of the last change of the registration, or of the removal. */
  changedVersion: number;
  /** Version of the last change of the condition: lifecycle, status, reason, `backSince`. */
  conditionVersion: number;
  /** Version of the last change of the live stats. */
  statsVersion: number;
}

/** Version of the last change of any kind. */
export const lastChangedVersion = ({ changedVersion, conditionVersion, statsVersion }: PositionEntry): number =>
  Math.max(changedVersion, conditionVersion, statsVersion);

export class PositionTable {
  readonly epoch = crypto.randomUUID();
  readonly entries: PositionEntry[] = [];
  version = 0;
  private readonly state: RegistryState;
  private readonly positions = new Map<string, number>();
  private readonly free: number[] = [];
  /** Positions that the next refresh must compare, however recent the last one was. */
  private readonly dirty = new Set<number>();
  private refreshedAt = 0;
  private refreshedRevision = -1;

  constructor(state: RegistryState) {
    this.state = state;
  }

  /** Makes the next refresh compare this component, so that the response to a report already shows its effect. */
  markDirty(id: string): void {
    const position = this.positions.get(id);
    if (position !== undefined) this.dirty.add(position);
  }

  /** Compares members with their entries: all of them every `everyMs` and after a new revision, else the dirty ones. */
  refresh(now: number, everyMs: number): void {
    const version = this.version + 1;
    for (const id of this.state.changedLoads) this.markDirty(id);
    this.state.changedLoads.clear();
    const isDue = this.refreshedRevision !== this.state.revision || Math.abs(now - this.refreshedAt) >= everyMs;
    const entries = isDue
      ? this.assignPositions(version, now)
      : Array.from(this.dirty, (position) => this.entries[position]!);
    this.dirty.clear();
    for (const entry of entries)
      if (entry.member) refreshEntry(entry, entry.member, version, this.state.balancing.assumedTaskMs);
    if (entries.some((entry) => lastChangedVersion(entry) === version)) this.version = version;
  }

  private assignPositions(version: number, now: number): readonly PositionEntry[] {
    this.refreshedAt = now;
    this.refreshedRevision = this.state.revision;
    this.entries.forEach((entry, position) => this.vacateIfRemoved(entry, position, version));
    for (const [id, member] of this.state.members) this.assignPosition(id, member, version);
    return this.entries;
  }

  private vacateIfRemoved(entry: PositionEntry, position: number, version: number): void {
    if (!entry.candidate || this.state.members.get(entry.candidate.id) === entry.member) return;
    this.positions.delete(entry.candidate.id);
    Object.assign(entry, { member: null, record: null, candidate: null, changedVersion: version });
    this.free.push(position);
  }

  private assignPosition(id: string, member: Member, version: number): void {
    if (this.positions.has(id)) return;
    const position = this.free.pop() ?? this.entries.length;
    this.entries[position] = {
      member,
      record: null,
      candidate: null,
      assignedVersion: version,
      changedVersion: version,
      conditionVersion: version,
      statsVersion: version,
    };
    this.positions.set(id, position);
  }
}

/** Compiles a candidate again only when its registration changed; otherwise updates its condition and live stats. */
function refreshEntry(entry: PositionEntry, member: Member, version: number, assumedTaskMs: number): void {
  const { record } = member;
  const known = entry.record;
  if (!entry.candidate || known?.registration !== record.registration) {
    entry.candidate = toCandidate(member);
    entry.changedVersion = version;
  } else {
    if (!hasSameCondition(known, record)) {
      entry.candidate = { ...entry.candidate, ...toCondition(record) };
      entry.conditionVersion = version;
    }
    const liveStats = toLiveStats(member);
    if (known !== record && hasMoved(entry.candidate.liveStats, liveStats, assumedTaskMs)) {
      entry.candidate = { ...entry.candidate, liveStats };
      entry.statsVersion = version;
    }
  }
  entry.record = record;
}

const hasSameCondition = (a: ComponentRecord, b: ComponentRecord): boolean =>
  a.lifecycle.state === b.lifecycle.state &&
  a.health.status === b.health.status &&
  reasonOf(a.health) === reasonOf(b.health) &&
  a.health.backSince === b.health.backSince;
