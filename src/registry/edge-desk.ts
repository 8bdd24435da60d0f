/**
 * The registry's side of edge routing: gives every member a position, knows since which version it is as it
 * is, and tells each edge only what changed since it asked last. Takes in what edges gave and what callers
 * reported.
 *
 * All of it is in memory: after an eviction there is a new epoch, and edges fetch the fleet whole.
 */
import type { Candidate } from '../core/balancing/candidate.ts';
import type { EdgePlace, SnapshotDelta } from '../core/balancing/snapshot-delta.ts';
import { hasMoved, packVitals } from '../core/balancing/snapshot-delta.ts';
import type { ComponentRecord } from '../core/component/component-record.ts';
import { assign, settle } from '../core/component/load.ts';
import { toCandidate, toVitals } from './fleet-views.ts';
import type { Member } from './member.ts';
import type { Given, Reported } from './registry-api.ts';
import type { RegistryState } from './registry-state.ts';

interface Seat {
  member: Member | null;
  /** The record it was compiled from last. */
  record: ComponentRecord | null;
  candidate: Candidate | null;
  changedAt: number;
  movedAt: number;
}

/** Edges ask about once a second; within this time one look at the members serves them all. */
const LOOK_EVERY_MS = 50;

export class EdgeDesk {
  private readonly state: RegistryState;
  private readonly epoch = crypto.randomUUID();
  private readonly seats: Seat[] = [];
  private readonly positions = new Map<string, number>();
  private readonly free: number[] = [];
  private version = 0;
  private lookedAt = 0;
  private lookedRevision = -1;

  constructor(state: RegistryState) {
    this.state = state;
  }

  /** Counts what an edge gave; of another epoch nobody can say to whom. */
  takeGiven(place: EdgePlace | null, given: Given, now: number): void {
    if (place?.epoch !== this.epoch) return;
    for (const [position, count] of given) {
      const member = this.seats[position]?.member;
      if (!member) continue;
      const { load, health } = member.record;
      const usualMs = load.workMs ?? health.usualResponseTimeMs;
      member.record = { ...member.record, load: assign(load, count, usualMs, now) };
    }
  }

  /** Takes in what callers reported; answers who failed at work. */
  takeReported(reported: Reported, now: number): Member[] {
    const failed: Member[] = [];
    for (const [id, outcomes] of reported) {
      const member = this.state.members.get(id);
      if (!member) continue;
      member.record = { ...member.record, load: settle(member.record.load, outcomes, now) };
      if (outcomes.failed > 0) failed.push(member);
    }
    return failed;
  }

  delta(place: EdgePlace | null, now: number): SnapshotDelta {
    this.look(now);
    const full = place?.epoch !== this.epoch;
    const since = full ? -1 : place.version;
    const changed: [number, Candidate | null][] = [];
    const vitals: number[] = [];
    this.seats.forEach(({ candidate, changedAt, movedAt }, position) => {
      if (full ? candidate !== null : changedAt > since) changed.push([position, candidate]);
      else if (candidate && movedAt > since) vitals.push(...packVitals(position, candidate.vitals));
    });
    return {
      epoch: this.epoch,
      version: this.version,
      revision: this.state.revision,
      full,
      size: this.seats.length,
      changed,
      vitals: Float64Array.from(vitals),
      nextCheckAt: this.nextCheckAt(),
    };
  }

  /** Brings the seats up to date with the members. */
  private look(now: number): void {
    if (this.lookedRevision === this.state.revision && Math.abs(now - this.lookedAt) < LOOK_EVERY_MS) return;
    this.lookedAt = now;
    this.lookedRevision = this.state.revision;
    const version = this.version + 1;
    this.seats.forEach((seat, position) => this.vacateIfGone(seat, position, version));
    for (const [id, member] of this.state.members) this.seatOf(id, member, version);
    for (const seat of this.seats) if (seat.member) refresh(seat, seat.member, version, now);
    if (this.seats.some(({ changedAt, movedAt }) => changedAt === version || movedAt === version))
      this.version = version;
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
    this.seats[position] = { member, record: null, candidate: null, changedAt: version, movedAt: version };
    this.positions.set(id, position);
  }

  private nextCheckAt(): number | null {
    let next = Infinity;
    for (const { record, nextCheckAt } of this.state.members.values())
      if (record.registration.healthCheck) next = Math.min(next, nextCheckAt);
    return Number.isFinite(next) ? next : null;
  }
}

/** Compiles a member anew where its record changed; tells of numbers only when they moved. */
function refresh(seat: Seat, member: Member, version: number, now: number): void {
  const { record } = member;
  const before = seat.candidate;
  const isSame = before !== null && seat.record !== null && looksTheSame(seat.record, record);
  // Work that edges gave ends by time: numbers move though no record does.
  if (isSame && seat.record === record && record.load.assigned.length === 0) return;
  seat.record = record;
  if (!isSame) {
    seat.candidate = toCandidate(member, now);
    seat.changedAt = version;
    return;
  }
  const vitals = toVitals(member, now);
  if (!hasMoved(before.vitals, vitals)) return;
  seat.candidate = { ...before, vitals };
  seat.movedAt = version;
}

/** Whether two records of a component make the same candidate but for its numbers. */
const looksTheSame = (a: ComponentRecord, b: ComponentRecord): boolean =>
  a.registration === b.registration &&
  a.lifecycle.state === b.lifecycle.state &&
  a.health.status === b.health.status &&
  a.health.reason === b.health.reason &&
  a.health.backSince === b.health.backSince;
