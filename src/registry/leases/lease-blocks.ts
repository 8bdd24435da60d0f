/**
 * The lease blocks of a registry. A block is an ordinary lease held by an isolate: stored, counted with all its slots,
 * ended once. The isolate grants leases out of the block. The registry stores such a lease only when a renewal or a
 * completion of it reaches the registry. A lease out of a block takes no slots of its own.
 *
 * Invariant: only the registry decides that a lease out of a block has expired. The isolate frees an expired slot only
 * after the registry reports it. Until then the first caller may still renew, so no second caller gets the slot.
 */
import { inFlight } from '../../core/component/load.ts';
import type { CandidatePool } from '../../core/balancing/candidate-pool.ts';
import type { OpenWork } from '../../core/balancing/open-work.ts';
import { tiersOf } from '../../core/balancing/pick.ts';
import { isMember } from '../../core/balancing/weighted-set.ts';
import type { BlockGrant, BlockUpdate, BlockReport } from '../../core/lease/lease-block.ts';
import { BLOCK_MARGIN_MS, BLOCK_MS } from '../../core/lease/lease-block.ts';
import type { SignedLeaseRef } from '../../core/lease/lease-id.ts';
import { blockIdOf, parseLeaseRef } from '../../core/lease/lease-id.ts';
import type { Lease, LeaseEnd } from '../../core/lease/lease.ts';
import { endedAs } from '../../core/lease/lease.ts';
import { ok } from '../../core/result.ts';
import type { Completion, LeaseResult, RenewedLease } from '../contract/lease-api.ts';
import type { Completed, LeaseLedger } from './lease-ledger.ts';
import { hasEnded } from './lease-ledger.ts';
import { isSigned } from '../contract/lease-signature.ts';
import type { RegistryState } from '../state/registry-state.ts';

/** A block is granted only while the free slots of the type suffice for this many blocks. */
const MIN_BLOCKS_FREE = 4;
const MAX_LEASE_MS = 3_600_000;

export class LeaseBlocks {
  private readonly state: RegistryState;
  private readonly leases: LeaseLedger;
  /** By block and slot: number of the last use that has ended, as the isolate reported. */
  private readonly lastEndedUse = new Map<string, readonly number[]>();

  constructor(state: RegistryState, leases: LeaseLedger) {
    this.state = state;
    this.leases = leases;
  }

  /** Slots that a block on this component may have; 0 when none may be granted there now. */
  sizeAt(pool: CandidatePool, work: OpenWork, position: number): number {
    const { leaseBlocks, loadBalancingEnabled, trafficSplit } = pool.settings;
    const size = leaseBlocks?.size ?? 0;
    // Selection by order and traffic splits by percent are decided for each lease.
    if (!loadBalancingEnabled || trafficSplit.length > 0 || !isMember(pool.healthy, position)) return 0;
    const freeSlotsAt = (at: number): number => Math.max(0, pool.taskLimit[at]! - work.known[at]!);
    if (size === 0 || freeSlotsAt(position) < size) return 0;
    let free = 0;
    for (const { set } of tiersOf(pool)) for (let at = 0; at < set.size; at++) free += freeSlotsAt(set.members[at]!);
    return free >= MIN_BLOCKS_FREE * size ? size : 0;
  }

  grant(componentId: string, slots: number, ttlMs: number, now: number): BlockGrant {
    const terms = { slots, ttlMs: ttlMs + BLOCK_MS };
    const { id, expiresAt } = this.leases.grant(componentId, terms, now, blockIdOf);
    return { id, componentId, slots, expiresAt, secret: this.secret() };
  }

  /** Applies an isolate's reports about its blocks. Returns what the isolate does not know yet. */
  applyReports(reports: readonly BlockReport[], now: number): BlockUpdate[] {
    this.leases.expire(now);
    return reports.flatMap((report) => {
      const block = this.state.leaseIndex.byId.get(report.id);
      if (!block) return report.returned ? [] : [{ id: report.id, expiresAt: null, ended: [], renewed: [] }];
      this.lastEndedUse.set(report.id, report.endedUses);
      if (!report.returned) return [this.updateOf(this.extend(block, report.extendUntil, now), report, now)];
      this.state.commit({ leases: { ended: [endedAs(block, 'returned', 0, now)] }, visible: false }, now);
      return [];
    });
  }

  /** Whether this registry signed the id of a lease out of a block. An unsigned id is no lease. */
  async isSignedHere({ text, signature }: SignedLeaseRef): Promise<boolean> {
    const secret = this.state.store.leases.readSecret();
    return secret !== undefined && isSigned(secret, text, signature);
  }

  complete(id: string, place: SignedLeaseRef, completion: Completion, now: number): LeaseResult<Completed> {
    const found = this.find(id, place, now);
    if (found.ok) return this.leases.end(found.value, completion, now);
    if (found.reason !== 'completed-there') return this.leases.repeatCompletion(id, found.reason);
    // The isolate has already completed it, and reported only that the use of the slot has ended.
    const { componentId } = found.block;
    const member = this.state.members.get(componentId);
    const remaining = member ? inFlight(member.record.load, this.state.estimateContext(now)) : 0;
    return ok({ lease: { id, componentId, outcome: completion.outcome, inFlight: remaining }, outcomes: null });
  }

  renew(id: string, place: SignedLeaseRef, ttlMs: number, now: number): LeaseResult<RenewedLease> {
    const found = this.find(id, place, now);
    if (!found.ok) return hasEnded(found.reason === 'completed-there' ? 'success' : found.reason);
    const renewed = { ...found.value, expiresAt: now + ttlMs };
    const until = Math.max(found.block.expiresAt, renewed.expiresAt + BLOCK_MARGIN_MS);
    const granted = [renewed, { ...found.block, expiresAt: until }];
    this.state.commit({ leases: { granted }, visible: false }, now);
    return ok({ id, componentId: renewed.componentId, slots: 1, expiresAt: renewed.expiresAt });
  }

  /** Drops the reported uses of blocks that have ended and are no longer remembered. */
  forget(): void {
    for (const id of this.lastEndedUse.keys())
      if (!this.state.leaseIndex.byId.has(id) && !this.state.store.leases.readEnded(id)) this.lastEndedUse.delete(id);
  }

  /** A lease out of a block in its current state, with its block. The lease itself counts 0 slots. */
  private find(id: string, { blockId, slot, use, expiresAt }: SignedLeaseRef, now: number): Lookup {
    this.leases.expire(now);
    const { byId } = this.state.leaseIndex;
    const { leases } = this.state.store;
    const end = leases.readEnded(id)?.end;
    if (end) return { ok: false, reason: end };
    const until = byId.get(id)?.expiresAt ?? expiresAt;
    const active = byId.get(blockId);
    const ended = active ? undefined : leases.readEnded(blockId);
    const block = active ?? ended;
    if (!block || until <= now) return { ok: false, reason: 'expired' };
    if (use <= (this.lastEndedUse.get(blockId)?.[slot] ?? 0)) return { ok: false, reason: 'completed-there', block };
    // A block that has ended, also with its component, ends all leases out of it.
    if (ended) return { ok: false, reason: ended.end };
    const { componentId, grantedAt } = block;
    return { ok: true, value: { id, componentId, slots: 0, grantedAt, expiresAt: until, keyId: null }, block };
  }

  private extend(block: Lease, until: number | null, now: number): Lease {
    if (until === null || until <= block.expiresAt) return block;
    const extended = { ...block, expiresAt: Math.min(until, now + MAX_LEASE_MS + BLOCK_MS) };
    this.state.commit({ leases: { granted: [extended] }, visible: false }, now);
    return extended;
  }

  private updateOf({ expiresAt }: Lease, { id, leased }: BlockReport, now: number): BlockUpdate {
    const { byId } = this.state.leaseIndex;
    // A lease whose id is still being signed has no expiry here, so it has not ended.
    const hasExpired = (leaseId: string): boolean =>
      this.state.store.leases.readEnded(leaseId) !== undefined ||
      (byId.get(leaseId)?.expiresAt ?? parseLeaseRef(leaseId)?.expiresAt ?? Infinity) <= now;
    const ended = leased.filter(hasExpired);
    const renewed = leased.flatMap((leaseId) => {
      const lease = byId.get(leaseId);
      return lease ? [[leaseId, lease.expiresAt] as const] : [];
    });
    return { id, expiresAt, ended, renewed };
  }

  private secret(): string {
    const known = this.state.store.leases.readSecret();
    if (known !== undefined) return known;
    const fresh = crypto.getRandomValues(new Uint8Array(32)).toHex();
    this.state.store.leases.saveSecret(fresh);
    return fresh;
  }
}

type Lookup =
  | { readonly ok: true; readonly value: Lease; readonly block: Lease }
  | { readonly ok: false; readonly reason: LeaseEnd }
  /** The isolate reported that the lease ended before its expiry. */
  | { readonly ok: false; readonly reason: 'completed-there'; readonly block: Lease };
