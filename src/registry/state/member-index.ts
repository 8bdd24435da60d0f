/**
 * Counts of all members of a registry, and members ordered by due times, without a scan of all members.
 *
 * A member that changes is noted, and read again before the next result. So a result costs as much as members have
 * changed since the previous one, however many there are.
 */
import type { SystemConfig } from '../../core/config/system-config.ts';
import { detectionFor } from '../../core/health/check-schedule.ts';
import type { HealthStatus } from '../../core/health/health-status.ts';
import { IndexedHeap } from '../../core/indexed-heap.ts';
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { issueKindOf } from '../../core/health/system-health.ts';
import { healthMemberOf, isRoutable } from './component-views.ts';
import type { Downtime } from './downtime.ts';
import type { Member, MemberObserver } from './member.ts';
import { checkAttentionAt, deadlineOf, isSuspect } from './member.ts';

/** Counts to which each member adds 1 or 0. */
export interface MemberCounts extends Readonly<Record<'total' | HealthStatus, number>> {
  /** Members with a health check. */
  readonly checked: number;
  readonly routable: number;
  /** Routable, but ejected by their outcomes of work. */
  readonly ejected: number;
  /** In service, and healthy or degraded. */
  readonly working: number;
  /** Unhealthy or degraded as expected, in maintenance. */
  readonly underMaintenance: number;
  /** In a recovery that may take capacity away. */
  readonly disrupted: number;
  /** Members whose check runs, without a sign of failure. */
  readonly regularChecks: number;
  /** Members whose check runs, with a sign of failure. */
  readonly suspectChecks: number;
}

/** Members by the time at which their check is due (epoch ms). */
export interface CheckQueues {
  /** Checks that wait to begin, of members without a sign of failure. */
  readonly regular: IndexedHeap<Member>;
  /** Checks that wait to begin, of members with a sign of failure. */
  readonly suspect: IndexedHeap<Member>;
  /** Running checks, by the time of their next retry or of their loss. */
  readonly running: IndexedHeap<Member>;
  /** Members whose check the budget of their host has postponed. */
  readonly postponed: Set<Member>;
}

export interface MemberIndexDeps {
  readonly downtime: Downtime;
  readonly configFor: (id: string) => SystemConfig;
}

type Counts = { -readonly [Name in keyof MemberCounts]: number };

export class MemberIndex implements MemberObserver {
  private readonly deps: MemberIndexDeps;
  private readonly changedMembers = new Set<Member>();
  private readonly counted = new Map<Member, MemberCounts>();
  private readonly sums: Counts = { ...NOTHING };
  private readonly deadlines = new IndexedHeap<Member>();
  private readonly queues: CheckQueues = {
    regular: new IndexedHeap(),
    suspect: new IndexedHeap(),
    running: new IndexedHeap(),
    postponed: new Set(),
  };
  /** Members that are an issue of the type, by the beginning of their status. */
  private readonly issues = { unhealthy: new IndexedHeap<Member>(), degraded: new IndexedHeap<Member>() };
  /** All members, the one whose status changed last first. */
  private readonly byLastChange = new IndexedHeap<Member>();
  /** Members with a health check, the longest interval first. */
  private readonly byInterval = new IndexedHeap<Member>();

  constructor(deps: MemberIndexDeps) {
    this.deps = deps;
  }

  add(member: Member): void {
    member.observer = this;
    this.counted.set(member, NOTHING);
    this.changed(member);
  }

  delete(member: Member): void {
    member.observer = null;
    this.changedMembers.delete(member);
    this.count(member, NOTHING);
    this.counted.delete(member);
    this.queues.postponed.delete(member);
    for (const heap of this.heaps()) heap.delete(member);
  }

  changed(member: Member): void {
    this.changedMembers.add(member);
  }

  /** To be called after a change of what members are indexed by beside their own fields: the configuration. */
  allChanged(): void {
    for (const member of this.counted.keys()) this.changed(member);
  }

  get counts(): MemberCounts {
    this.refresh();
    return this.sums;
  }

  get checks(): CheckQueues {
    this.refresh();
    return this.queues;
  }

  /** Epoch ms of the earliest next check of any member, past while a check runs; null without health checks. */
  get nextCheckAt(): number | null {
    this.refresh();
    const { regular, suspect, running } = this.queues;
    const startedAt = running.first(1)[0]?.check?.startedAt ?? Infinity;
    const next = Math.min(regular.minKey, suspect.minKey, startedAt);
    return next === Infinity ? null : next;
  }

  /** Epoch ms of the earliest deadline of any member, checks apart; Infinity for none. A deadline may move to later. */
  get nextDeadline(): number {
    this.refresh();
    return this.deadlines.minKey;
  }

  /** The longest interval of checks, ms, before it grows with the number of components; 0 without checks. */
  get longestIntervalMs(): number {
    this.refresh();
    return this.byInterval.size === 0 ? 0 : -this.byInterval.minKey;
  }

  /** Epoch ms of the last change of any status; 0 without members. */
  get lastStatusChange(): number {
    this.refresh();
    return this.byLastChange.size === 0 ? 0 : -this.byLastChange.minKey;
  }

  /** Up to `limit` members with a deadline by `now` (epoch ms), the longest overdue first. */
  due(now: number, limit: number): Member[] {
    this.refresh();
    const due = this.deadlines.first(limit, now);
    // Downtime moves deadlines of members that did not change.
    for (const member of due) this.changed(member);
    return due;
  }

  /** Up to `limit` members that are an issue of the type: the unhealthy ones first, the longest ones first. */
  worst(limit: number): Member[] {
    this.refresh();
    const down = this.issues.unhealthy.first(limit);
    return [...down, ...this.issues.degraded.first(limit - down.length)];
  }

  private refresh(): void {
    for (const member of this.changedMembers) this.read(member);
    this.changedMembers.clear();
  }

  private read(member: Member): void {
    const { record, check } = member;
    const { health, registration } = record;
    this.count(member, countsOf(member));
    this.deadlines.set(member, deadlineOf(member, this.deps.downtime));
    const checkAt = checkAttentionAt(member);
    const queue = check ? 'running' : isSuspect(member) ? 'suspect' : 'regular';
    for (const name of ['running', 'suspect', 'regular'] as const)
      this.queues[name].set(member, name === queue ? checkAt : Infinity);
    if (member.postponedUntil > 0) this.queues.postponed.add(member);
    else this.queues.postponed.delete(member);
    const issue = issueKindOf(healthMemberOf(record)) === 'issue' ? health.status : null;
    for (const status of ['unhealthy', 'degraded'] as const)
      this.issues[status].set(member, issue === status ? health.since : Infinity);
    this.byLastChange.set(member, -health.since);
    const { intervalMs } = detectionFor(registration, this.deps.configFor(registration.id), 0);
    this.byInterval.set(member, intervalMs === null ? Infinity : -intervalMs);
  }

  private count(member: Member, counts: MemberCounts): void {
    const before = this.counted.get(member)!;
    for (const name of COUNT_NAMES) this.sums[name] += counts[name] - before[name];
    this.counted.set(member, counts);
  }

  private heaps(): IndexedHeap<Member>[] {
    const { regular, suspect, running } = this.queues;
    const { unhealthy, degraded } = this.issues;
    return [regular, suspect, running, unhealthy, degraded, this.deadlines, this.byLastChange, this.byInterval];
  }
}

const NOTHING: MemberCounts = {
  total: 0,
  healthy: 0,
  degraded: 0,
  unhealthy: 0,
  unknown: 0,
  checked: 0,
  routable: 0,
  ejected: 0,
  working: 0,
  underMaintenance: 0,
  disrupted: 0,
  regularChecks: 0,
  suspectChecks: 0,
};
const COUNT_NAMES = Object.keys(NOTHING) as (keyof MemberCounts)[];

const one = (condition: boolean): number => (condition ? 1 : 0);

function countsOf(member: Member): MemberCounts {
  const { record, check } = member;
  const { registration, health, recovery } = record;
  const routable = isRoutable(record);
  return {
    ...NOTHING,
    total: 1,
    [health.status]: 1,
    checked: one(registration.healthCheck !== undefined),
    routable: one(routable),
    ejected: one(routable && health.ejection.until !== null),
    working: one(isWorking(record)),
    underMaintenance: one(issueKindOf(healthMemberOf(record)) === 'expected'),
    disrupted: one(recovery.active?.disruptive === true),
    regularChecks: one(check !== null && !isSuspect(member)),
    suspectChecks: one(check !== null && isSuspect(member)),
  };
}

export const isInService = ({ lifecycle: { state } }: ComponentRecord): boolean =>
  state === 'active' || state === 'standby';

/** In service, and found healthy or degraded. */
export const isWorking = (record: ComponentRecord): boolean =>
  isInService(record) && (record.health.status === 'healthy' || record.health.status === 'degraded');
