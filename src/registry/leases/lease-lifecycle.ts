/**
 * The registry's side of leases: each is stored before anybody hears of it, ends once, and is remembered for
 * a while after its end, so that whoever completes it again is answered the same.
 */
import { inFlight, settle } from '../../core/component/load.ts';
import { sumOutcomes } from '../../core/component/work-outcome.ts';
import { expiredLeases, lookAhead } from '../../core/lease/lease-index.ts';
import type { Lease, LeaseEnd, LeaseTerms } from '../../core/lease/lease.ts';
import { endedAs, isWorkOutcome, newLease } from '../../core/lease/lease.ts';
import { idDigits, leaseIdOf } from '../../core/lease/lease-id.ts';
import type { Failure } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { MemberOutcomes } from '../health/outlier-ejection.ts';
import type { FailureReports, ReportedFailure } from '../recovery/failure-reports.ts';
import type {
  CompletedLease,
  Completion,
  LeaseAnswer,
  LeasePage,
  LeaseQuery,
  RenewedLease,
} from '../contract/lease-api.ts';
import type { Member } from '../state/member.ts';
import { chargeReport } from '../limits/on-demand-limits.ts';
import type { RegistryState } from '../state/registry-state.ts';

/** How long an ended lease is remembered, at least. */
const REMEMBERED_MS = 300_000;
/** In the id of a lease. */
const RANDOM_BYTES = 12;

export interface Completed {
  readonly lease: CompletedLease;
  /** How the work went; null when nothing new is said of it. */
  readonly told: MemberOutcomes | null;
}

export class LeaseLifecycle {
  private readonly state: RegistryState;
  private readonly reports: FailureReports;

  constructor(state: RegistryState, reports: FailureReports) {
    this.state = state;
    this.reports = reports;
  }

  /** Epoch ms at which a lease may be over, Infinity when none is held. */
  get dueAt(): number {
    return this.state.book.held.size === 0 ? Infinity : this.state.book.nextExpiry;
  }

  /** `nameIt` makes its id from the type and 32 hex digits. */
  grant(componentId: string, terms: LeaseTerms, now: number, nameIt = leaseIdOf): Lease {
    const random = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)).toHex();
    const lease = newLease(nameIt(this.state.type, idDigits(now, random)), componentId, terms, now);
    this.state.commit({ leases: { held: [lease] }, visible: false }, now);
    return lease;
  }

  complete(id: string, completion: Completion, now: number): LeaseAnswer<Completed> {
    const lease = this.find(id, now);
    if (lease) return this.end(lease, completion, now);
    const before = this.state.store.leases.readEnded(id);
    return before ? this.completedBefore(id, before.end) : unknownLease(id);
  }

  /** Stores the end of a lease that is held, or of one that was not stored before. */
  end(lease: Lease, completion: Completion, now: number): LeaseAnswer<Completed> {
    const { id, componentId, slots } = lease;
    const { outcome } = completion;
    const member = this.state.members.get(componentId);
    const left = member ? inFlight(member.record.load, now) - slots : 0;
    const reported = member ? this.report(member, lease, completion, now) : null;
    const held = this.state.book.held.has(id) ? [] : [lease];
    const ended = [endedAs(lease, outcome, left, now)];
    this.state.commit({ ...reported, leases: { held, ended }, visible: false }, now);
    if (member) settleInto(member, completion, now);
    const told = member ? { member, work: sumOutcomes([completion]) } : null;
    return ok({ lease: { id, componentId, outcome, inFlight: left }, told });
  }

  /** The same answer again, when it was its caller who ended it. */
  completedBefore(id: string, end: LeaseEnd): LeaseAnswer<Completed> {
    const before = this.state.store.leases.readEnded(id);
    if (!before || !isWorkOutcome(end)) return hasEnded(end);
    const { componentId, inFlight: left } = before;
    return ok({ lease: { id, componentId, outcome: end, inFlight: left }, told: null });
  }

  /** From now on it has that long; less than before when the caller says so. */
  renew(id: string, ttlMs: number, now: number): LeaseAnswer<RenewedLease> {
    const lease = this.find(id, now);
    if (!lease) {
      const before = this.state.store.leases.readEnded(id);
      return before ? hasEnded(before.end) : unknownLease(id);
    }
    const renewed = { ...lease, expiresAt: now + ttlMs };
    this.state.commit({ leases: { held: [renewed] }, visible: false }, now);
    const { componentId, slots, expiresAt } = renewed;
    return ok({ id, componentId, slots, expiresAt });
  }

  /** Ends those whose time is over. */
  expire(now: number): void {
    if (now < this.state.book.nextExpiry) return;
    const ended = expiredLeases(this.state.book, now).map((lease) => endedAs(lease, 'expired', 0, now));
    if (ended.length > 0) this.state.commit({ leases: { ended }, visible: false }, now);
    lookAhead(this.state.book);
  }

  /** Forgets those that ended long ago. */
  forget(now: number): void {
    this.state.store.leases.forgetEnded(now - REMEMBERED_MS);
  }

  page({ after, limit, componentId }: LeaseQuery): Pick<LeasePage, 'items' | 'more'> {
    const items = Array.from(this.state.book.held.values())
      .filter(
        (lease) =>
          // Those out of a block are in the block.
          lease.slots > 0 &&
          (after === null || lease.id > after) &&
          (componentId === null || lease.componentId === componentId),
      )
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
    return { items: items.slice(0, limit), more: items.length > limit };
  }

  private find(id: string, now: number): Lease | undefined {
    this.expire(now);
    return this.state.book.held.get(id);
  }

  /** What the completion says of the component itself; beyond the quota of reports nothing is written. */
  private report(member: Member, { id }: Lease, { error, outcome }: Completion, now: number): ReportedFailure | null {
    if (error === null || outcome === 'success' || chargeReport(member, now)) return null;
    const detail = { code: error.code ?? '', message: error.message };
    return this.reports.draft(member, detail, { leaseId: id, outcome }, now);
  }
}

function settleInto(member: Member, completion: Completion, now: number): void {
  // It was no work of an edge: none of that is over.
  const outcomes = { ...sumOutcomes([completion]), ended: 0 };
  member.record = { ...member.record, load: settle(member.record.load, outcomes, now) };
}

export const unknownLease = (id: string): Failure<'unknown-lease'> => fail('unknown-lease', `there is no lease ${id}`);

export function hasEnded(end: LeaseEnd): Failure<'lease-ended'> {
  if (end === 'expired') return fail('lease-ended', 'the lease expired');
  if (end === 'removed') return fail('lease-ended', 'the component of the lease was removed');
  return fail('lease-ended', 'the lease was completed');
}
