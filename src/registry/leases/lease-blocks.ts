/**
 * The registry's side of blocks of leases. A block is a lease like any other, held by an isolate: stored, counted
 * whole, ended once. Of the leases out of it only those are stored that are completed or renewed elsewhere than
 * at the isolate; they take no slots of their own.
 *
 * Whether a lease out of a block is over is decided here alone: the isolate frees a slot by time only when it is
 * told to, so nobody else has it while somebody may still renew it.
 */
import { inFlight } from '../../core/component/load.ts';
import type { CandidatePool } from '../../core/balancing/candidate-pool.ts';
import type { OpenWork } from '../../core/balancing/open-work.ts';
import { tiersOf } from '../../core/balancing/pick.ts';
import { isMember } from '../../core/balancing/weighted-set.ts';
import type { BlockGrant, BlockUpdate, BlockReport } from '../../core/lease/block.ts';
import { BLOCK_MARGIN_MS, BLOCK_MS } from '../../core/lease/block.ts';
import type { SignedPlace } from '../../core/lease/lease-id.ts';
import { blockIdOf, placeOfLease } from '../../core/lease/lease-id.ts';
import type { Lease, LeaseEnd } from '../../core/lease/lease.ts';
import { endedAs } from '../../core/lease/lease.ts';
import { ok } from '../../core/result.ts';
import type { Completion, LeaseAnswer, RenewedLease } from '../contract/lease-api.ts';
import type { Completed, LeaseLifecycle } from './lease-lifecycle.ts';
import { hasEnded } from './lease-lifecycle.ts';
import { isSigned } from '../contract/lease-signature.ts';
import type { RegistryState } from '../state/registry-state.ts';

/** No block is granted when fewer are left than this. */
const BLOCKS_LEFT = 4;
const MAX_LEASE_MS = 3_600_000;

export class LeaseBlocks {
  private readonly state: RegistryState;
  private readonly leases: LeaseLifecycle;
  /** By block and slot: the number of the last use that is over, as its isolate said. */
  private readonly ended = new Map<string, readonly number[]>();

  constructor(state: RegistryState, leases: LeaseLifecycle) {
    this.state = state;
    this.leases = leases;
  }

  /** How large a block may be on a component; 0 when none may be granted there now. */
  sizeAt(fleet: CandidatePool, work: OpenWork, position: number): number {
    const { leaseBlocks, loadBalancingEnabled, trafficSplit } = fleet.settings;
    const size = leaseBlocks?.size ?? 0;
    // What goes by order or by percent is decided lease by lease.
    if (!loadBalancingEnabled || trafficSplit.length > 0 || !isMember(fleet.healthy, position)) return 0;
    const roomAt = (at: number): number => Math.max(0, fleet.room[at]! - work.open[at]!);
    if (size === 0 || roomAt(position) < size) return 0;
    let free = 0;
    for (const { set } of tiersOf(fleet)) for (let at = 0; at < set.size; at++) free += roomAt(set.members[at]!);
    return free >= BLOCKS_LEFT * size ? size : 0;
  }

  grant(componentId: string, slots: number, ttlMs: number, now: number): BlockGrant {
    const terms = { slots, ttlMs: ttlMs + BLOCK_MS };
    const { id, expiresAt } = this.leases.grant(componentId, terms, now, blockIdOf);
    return { id, componentId, slots, expiresAt, secret: this.secret() };
  }

  /** Takes in what an isolate says of its blocks; answers what it does not know. */
  take(reports: readonly BlockReport[], now: number): BlockUpdate[] {
    this.leases.expire(now);
    return reports.flatMap((report) => {
      const block = this.state.book.held.get(report.id);
      if (!block) return report.returned ? [] : [{ id: report.id, expiresAt: null, over: [], renewed: [] }];
      this.ended.set(report.id, report.ended);
      if (!report.returned) return [this.newsOf(this.prolonged(block, report.until, now), report, now)];
      this.state.commit({ leases: { ended: [endedAs(block, 'returned', 0, now)] }, visible: false }, now);
      return [];
    });
  }

  /** Whether it is signed by us: what is not is no lease. */
  async isOurs({ text, signature }: SignedPlace): Promise<boolean> {
    const secret = this.state.store.leases.readSecret();
    return secret !== undefined && isSigned(secret, text, signature);
  }

  complete(id: string, place: SignedPlace, completion: Completion, now: number): LeaseAnswer<Completed> {
    const found = this.find(id, place, now);
    if (found.ok) return this.leases.end(found.value, completion, now);
    if (found.reason !== 'completed-there') return this.leases.completedBefore(id, found.reason);
    // Its isolate answered it, and has told us no more than that it is over.
    const { componentId } = found.block;
    const member = this.state.members.get(componentId);
    const left = member ? inFlight(member.record.load, now) : 0;
    return ok({ lease: { id, componentId, outcome: completion.outcome, inFlight: left }, told: null });
  }

  renew(id: string, place: SignedPlace, ttlMs: number, now: number): LeaseAnswer<RenewedLease> {
    const found = this.find(id, place, now);
    if (!found.ok) return hasEnded(found.reason === 'completed-there' ? 'success' : found.reason);
    const renewed = { ...found.value, expiresAt: now + ttlMs };
    const until = Math.max(found.block.expiresAt, renewed.expiresAt + BLOCK_MARGIN_MS);
    const held = [renewed, { ...found.block, expiresAt: until }];
    this.state.commit({ leases: { held }, visible: false }, now);
    return ok({ id, componentId: renewed.componentId, slots: 1, expiresAt: renewed.expiresAt });
  }

  /** Forgets what isolates said of blocks that are over. */
  forget(): void {
    for (const id of this.ended.keys())
      if (!this.state.book.held.has(id) && !this.state.store.leases.readEnded(id)) this.ended.delete(id);
  }

  /** A lease out of a block as it stands, with its block; it takes no slots beside those of the block. */
  private find(id: string, { blockId, slot, use, expiresAt }: SignedPlace, now: number): Found {
    this.leases.expire(now);
    const { held } = this.state.book;
    const { leases } = this.state.store;
    const end = leases.readEnded(id)?.end;
    if (end) return { ok: false, reason: end };
    const until = held.get(id)?.expiresAt ?? expiresAt;
    const live = held.get(blockId);
    const over = live ? undefined : leases.readEnded(blockId);
    const block = live ?? over;
    if (!block || until <= now) return { ok: false, reason: 'expired' };
    if (use <= (this.ended.get(blockId)?.[slot] ?? 0)) return { ok: false, reason: 'completed-there', block };
    // Once it is over as a whole, or its component is gone, so is this one.
    if (over) return { ok: false, reason: over.end };
    const { componentId, grantedAt } = block;
    return { ok: true, value: { id, componentId, slots: 0, grantedAt, expiresAt: until, keyId: null }, block };
  }

  private prolonged(block: Lease, until: number | null, now: number): Lease {
    if (until === null || until <= block.expiresAt) return block;
    const longer = { ...block, expiresAt: Math.min(until, now + MAX_LEASE_MS + BLOCK_MS) };
    this.state.commit({ leases: { held: [longer] }, visible: false }, now);
    return longer;
  }

  private newsOf({ expiresAt }: Lease, { id, taken }: BlockReport, now: number): BlockUpdate {
    const { held } = this.state.book;
    // One that is being signed is not over.
    const isOver = (leaseId: string): boolean =>
      this.state.store.leases.readEnded(leaseId) !== undefined ||
      (held.get(leaseId)?.expiresAt ?? placeOfLease(leaseId)?.expiresAt ?? Infinity) <= now;
    const over = taken.filter(isOver);
    const renewed = taken.flatMap((leaseId) => {
      const lease = held.get(leaseId);
      return lease ? [[leaseId, lease.expiresAt] as const] : [];
    });
    return { id, expiresAt, over, renewed };
  }

  private secret(): string {
    const known = this.state.store.leases.readSecret();
    if (known !== undefined) return known;
    const fresh = crypto.getRandomValues(new Uint8Array(32)).toHex();
    this.state.store.leases.saveSecret(fresh);
    return fresh;
  }
}

type Found =
  | { readonly ok: true; readonly value: Lease; readonly block: Lease }
  | { readonly ok: false; readonly reason: LeaseEnd }
  /** Its isolate told that it is over, before its time was. */
  | { readonly ok: false; readonly reason: 'completed-there'; readonly block: Lease };
