/**
 * The members of a registry as candidates, each at a position of its own, and since which version it is as it
 * is. Whoever keeps a fleet by positions, an edge or the registry itself, is brought up to date from here.
 *
 * In memory: after an eviction there is a new epoch, and positions mean something else.
 */
import type { Candidate, LiveStats } from '../../core/balancing/candidate.ts';
import { hasMoved } from '../../core/balancing/snapshot-delta.ts';
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { shownReason } from '../../core/component/resource.ts';
import { toCandidate, toCondition, toLiveStats } from '../state/component-views.ts';
import type { Member } from '../state/member.ts';
import type { RegistryState } from '../state/registry-state.ts';

interface Seat {
  member: Member | null;
  /** The record it was compiled from last. */
  record: ComponentRecord | null;
  candidate: Candidate | null;
  /** The version since which this member sits here. */
  seatedAt: number;
  changedAt: number;
  turnedAt: number;
  movedAt: number;
}

/** The version since which anything of it is as it is. */
export const lastChangeOf = ({ changedAt, turnedAt, movedAt }: Seat): number => Math.max(changedAt, turnedAt, movedAt);

export class PositionTable {
  readonly epoch = crypto.randomUUID();
  readonly seats: Seat[] = [];
  version = 0;
  private readonly state: RegistryState;
  private readonly positions = new Map<string, number>();
  private readonly free: number[] = [];
  /** Positions to look at again, however lately all were. */
  private readonly touched = new Set<number>();
  private lookedAt = 0;
  private lookedRevision = -1;

  constructor(state: RegistryState) {
    this.state = state;
  }

  /** Has the next look see this one, however lately all were looked at: who told of it is to find it in the answer. */
  touch(id: string): void {
    const position = this.positions.get(id);
    if (position !== undefined) this.touched.add(position);
  }

  /** Brings the seats up to date with the members; unless that was done within `everyMs`, then those touched only. */
  look(now: number, everyMs: number): void {
    const version = this.version + 1;
    for (const id of this.state.moved) this.touch(id);
    this.state.moved.clear();
    const isDue = this.lookedRevision !== this.state.revision || Math.abs(now - this.lookedAt) >= everyMs;
    const seats = isDue ? this.seatAll(version, now) : Array.from(this.touched, (position) => this.seats[position]!);
    this.touched.clear();
    for (const seat of seats) if (seat.member) refresh(seat, seat.member, version, now);
    if (seats.some((seat) => lastChangeOf(seat) === version)) this.version = version;
  }

  private seatAll(version: number, now: number): readonly Seat[] {
    this.lookedAt = now;
    this.lookedRevision = this.state.revision;
    this.seats.forEach((seat, position) => this.vacateIfGone(seat, position, version));
    for (const [id, member] of this.state.members) this.seatOf(id, member, version);
    return this.seats;
  }

  private vacateIfGone(seat: Seat, position: number, version: number): void {
    if (!seat.candidate || this.state.members.get(seat.candidate.id) === seat.member) return;
    this.positions.delete(seat.candidate.id);
    Object.assign(seat, { member: null, record: null, candidate: null, changedAt: version });
    this.free.push(position);
  }

  private seatOf(id: string, member: Member, version: number): void {
    if (this.positions.has(id)) return;
    const position = this.free.pop() ?? this.seats.length;
    const since = { seatedAt: version, changedAt: version, turnedAt: version, movedAt: version };
    this.seats[position] = { member, record: null, candidate: null, ...since };
    this.positions.set(id, position);
  }
}

/** Compiles a member anew where its registration changed, tells of the rest only what is different. */
function refresh(seat: Seat, member: Member, version: number, now: number): void {
  const { record } = member;
  const known = seat.record;
  if (!seat.candidate || known?.registration !== record.registration) {
    seat.candidate = toCandidate(member, now);
    seat.changedAt = version;
  } else {
    if (!isAlike(known, record)) {
      seat.candidate = { ...seat.candidate, ...toCondition(record) };
      seat.turnedAt = version;
    }
    // Work that edges gave ends by time: numbers move though no record does.
    if (known !== record || record.load.assigned.length > 0) move(seat, toLiveStats(member, now), version);
  }
  seat.record = record;
}

function move(seat: Seat, vitals: LiveStats, version: number): void {
  if (!seat.candidate || !hasMoved(seat.candidate.vitals, vitals)) return;
  seat.candidate = { ...seat.candidate, vitals };
  seat.movedAt = version;
}

/** Whether two records of a component tell of the same condition. */
const isAlike = (a: ComponentRecord, b: ComponentRecord): boolean =>
  a.lifecycle.state === b.lifecycle.state &&
  a.health.status === b.health.status &&
  shownReason(a.health) === shownReason(b.health) &&
  a.health.backSince === b.health.backSince;
