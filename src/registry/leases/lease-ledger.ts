/**
 * The life of a lease in the registry: grant, renewal, completion, expiry.
 * Invariant: a lease is stored before its caller receives it, and ends once. An ended lease is remembered for
 * `ENDED_RETENTION_MS`, so that a repeated completion returns the same result.
 */
import { inFlight, applyOutcomes } from '../../core/component/load.ts';
import { sumOutcomes } from '../../core/component/work-outcome.ts';
import { expiredLeases, updateNextExpiry } from '../../core/lease/lease-index.ts';
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
  LeaseResult,
  LeasePage,
  LeaseQuery,
  RenewedLease,
} from '../contract/lease-api.ts';
import type { Member } from '../state/member.ts';
import type { RegistryState } from '../state/registry-state.ts';

/** Minimum: the periodic sweep deletes older rows. */
const ENDED_RETENTION_MS = 300_000;
/** Random part of a lease id. */
const RANDOM_BYTES = 12;

export interface Completed {
  readonly lease: CompletedLease;
  /** Outcome of the work; null when it was counted before, or cannot be counted. */
  readonly outcomes: MemberOutcomes | null;
}

export class LeaseLedger {
  private readonly state: RegistryState;
  private readonly reports: FailureReports;

  constructor(state: RegistryState, reports: FailureReports) {
    this.state = state;
    this.reports = reports;
  }

  /** Earliest time at which a lease may expire, epoch ms; Infinity without leases. */
  get dueAt(): number {
    return this.state.leaseIndex.byId.size === 0 ? Infinity : this.state.leaseIndex.nextExpiry;
  }

  /** `makeId` makes the lease id from the type and 32 hex digits. */
  grant(componentId: string, terms: LeaseTerms, now: number, makeId = leaseIdOf): Lease {
    const random = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)).toHex();
    const lease = newLease(makeId(this.state.type, idDigits(now, random)), componentId, terms, now);
    this.state.commit({ leases: { granted: [lease] }, visible: false }, now);
    return lease;
  }

  complete(id: string, completion: Completion, now: number): LeaseResult<Completed> {
    const lease = this.find(id, now);
    if (lease) return this.end(lease, completion, now);
    const ended = this.state.store.leases.readEnded(id);
    return ended ? this.repeatCompletion(id, ended.end) : unknownLease(id);
  }

  /** Stores the end of an active lease, or of a lease out of a block that was not stored before. */
  end(lease: Lease, completion: Completion, now: number): LeaseResult<Completed> {
    const { id, componentId, slots } = lease;
    const { outcome } = completion;
    const member = this.state.members.get(componentId);
    const remaining = member ? inFlight(member.record.load, this.state.estimateContext(now)) - slots : 0;
    const reported = member ? this.report(member, lease, completion, now) : null;
    const granted = this.state.leaseIndex.byId.has(id) ? [] : [lease];
    const ended = [endedAs(lease, outcome, remaining, now)];
    this.state.commit({ ...reported?.change, leases: { granted, ended }, visible: false }, now);
    // Other reports are evaluated with their outbox row.
    if (reported?.isSummed) void this.reports.evaluate(reported);
    if (member) this.applyToLoad(member, completion, now);
    const outcomes = member ? { member, work: sumOutcomes([completion]) } : null;
    return ok({ lease: { id, componentId, outcome, inFlight: remaining }, outcomes });
  }

  /** Returns the result of the first completion again; refuses when the lease ended in another way. */
  repeatCompletion(id: string, end: LeaseEnd): LeaseResult<Completed> {
    const ended = this.state.store.leases.readEnded(id);
    if (!ended || !isWorkOutcome(end)) return hasEnded(end);
    const { componentId, inFlight: remaining } = ended;
    return ok({ lease: { id, componentId, outcome: end, inFlight: remaining }, outcomes: null });
  }

  /** Sets the expiry to `ttlMs` from now, which may be earlier than before. */
  renew(id: string, ttlMs: number, now: number): LeaseResult<RenewedLease> {
    const lease = this.find(id, now);
    if (!lease) {
      const ended = this.state.store.leases.readEnded(id);
      return ended ? hasEnded(ended.end) : unknownLease(id);
    }
    const renewed = { ...lease, expiresAt: now + ttlMs };
    this.state.commit({ leases: { granted: [renewed] }, visible: false }, now);
    const { componentId, slots, expiresAt } = renewed;
    return ok({ id, componentId, slots, expiresAt });
  }

  /** Ends the leases that have expired. */
  expire(now: number): void {
    if (now < this.state.leaseIndex.nextExpiry) return;
    const ended = expiredLeases(this.state.leaseIndex, now).map((lease) => endedAs(lease, 'expired', 0, now));
    if (ended.length > 0) this.state.commit({ leases: { ended }, visible: false }, now);
    updateNextExpiry(this.state.leaseIndex);
  }

  forget(now: number): void {
    this.state.store.leases.forgetEnded(now - ENDED_RETENTION_MS);
  }

  page({ after, limit, componentId }: LeaseQuery): Pick<LeasePage, 'items' | 'more'> {
    const items = Array.from(this.state.leaseIndex.byId.values())
      .filter(
        (lease) =>
          // Leases out of a block count 0 slots: their block is listed instead.
          lease.slots > 0 &&
          (after === null || lease.id > after) &&
          (componentId === null || lease.componentId === componentId),
      )
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
    return { items: items.slice(0, limit), more: items.length > limit };
  }

  private find(id: string, now: number): Lease | undefined {
    this.expire(now);
    return this.state.leaseIndex.byId.get(id);
  }

  /** The component failure that a completion reports. Nothing is written beyond the component's report quota. */
  private report(
    member: Member,
    { id, keyId }: Lease,
    { error, outcome }: Completion,
    now: number,
  ): ReportedFailure | null {
    if (error === null || outcome === 'success' || this.reports.refuse(member, now)) return null;
    const detail = { code: error.code ?? '', message: error.message };
    return this.reports.draft(member, { error: detail, context: { leaseId: id, outcome }, by: keyId }, now);
  }

  private applyToLoad(member: Member, completion: Completion, now: number): void {
    // A lease is not an edge assignment, so no assignment ends with it.
    const outcomes = { ...sumOutcomes([completion]), ended: 0 };
    const load = applyOutcomes(member.record.load, outcomes, this.state.estimateContext(now));
    member.record = { ...member.record, load };
  }
}

export const unknownLease = (id: string): Failure<'unknown-lease'> => fail('unknown-lease', `there is no lease ${id}`);

export function hasEnded(end: LeaseEnd): Failure<'lease-ended'> {
  if (end === 'expired') return fail('lease-ended', 'the lease expired');
  if (end === 'removed') return fail('lease-ended', 'the component of the lease was removed');
  return fail('lease-ended', 'the lease was completed');
}
