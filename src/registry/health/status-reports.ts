/**
 * Decides which changes of status the event log shows at once. A change takes a token of its component and, if a call
 * caused it, of the owner behind the call. Without a token the change is held back: state and routing have it already.
 *
 * Invariant: the log shows the newest status within about a second of the next token.
 */
import type { HealthEvent, HealthStep } from '../../core/health/observe-health.ts';
import { isStatusUnreported, withUnreported } from '../../core/health/unreported-status.ts';
import { BucketTable } from '../../core/quota/bucket-table.ts';
import { STATUS_QUOTA, STATUS_QUOTA_OF_KEY } from '../../core/quota/on-demand-quota.ts';
import { consumeTokens } from '../../core/quota/token-bucket.ts';
import { healthEventDrafts } from '../state/component-events.ts';
import type { Member } from '../state/member.ts';
import type { RegistryState } from '../state/registry-state.ts';

const FLUSH_EVERY_MS = 1_000;
/** Components reported in one flush, so that a flush stays short. */
const MAX_FLUSHED = 500;
/** Owners with a bucket of their own. */
const MAX_OWNERS = 2_000;

type StatusChange = Extract<HealthEvent, { kind: 'status-changed' }>;

export class StatusReports {
  private readonly state: RegistryState;
  private readonly byOwner = new BucketTable(MAX_OWNERS);
  /** Ids of components whose newest status is held back, with the owner that each change is charged to. */
  private readonly pending = new Map<string, string | null>();
  /** Epoch ms of the next flush; Infinity while nothing is held back. */
  dueAt = Infinity;

  constructor(state: RegistryState) {
    this.state = state;
  }

  /** Takes up what was held back before an eviction. */
  resume(now: number): void {
    for (const [id, { record }] of this.state.members) if (isStatusUnreported(record.health)) this.hold(id, null, now);
  }

  /**
   * Returns the step with the events that may be published now. Its state records what is held back. `keyId` names the
   * key whose call caused the step; null if no call did.
   */
  admit(member: Member, step: HealthStep, keyId: string | null, now: number): HealthStep {
    const change = step.events.find((event): event is StatusChange => event.kind === 'status-changed');
    if (!change) return step;
    const { owner, registration } = member.record;
    const payer = keyId === null ? null : (owner ?? keyId);
    const merged = withUnreported(step.next.unreported, change.from);
    const isNews = merged.from !== change.to;
    if (isNews && this.consume(member, payer, now)) {
      this.pending.delete(registration.id);
      const shown = { ...change, from: merged.from, mergedChanges: merged.changes - 1 };
      const events = step.events.map((event) => (event === change ? shown : event));
      return { next: { ...step.next, unreported: null }, events };
    }
    if (isNews) this.hold(registration.id, payer, now);
    // Flap damping reports a hold together with the change that caused it.
    const events = step.events.filter((event) => event.kind === 'failed');
    return { next: { ...step.next, unreported: merged }, events };
  }

  /** Publishes the newest status of components that have a token again. Returns true if any was published. */
  flush(now: number): boolean {
    const isEarly = now < this.dueAt && this.dueAt - now <= FLUSH_EVERY_MS;
    // A longer wait means that the clock was set back.
    if (this.pending.size === 0 || isEarly) return false;
    const records = [];
    const outbox = [];
    for (const [id, payer] of this.pending) {
      const member = this.state.members.get(id);
      if (!member || !isStatusUnreported(member.record.health)) {
        this.pending.delete(id);
        continue;
      }
      if (records.length >= MAX_FLUSHED) break;
      if (!this.consume(member, payer, now)) continue;
      this.pending.delete(id);
      const { health } = member.record;
      const { from, changes } = health.unreported!;
      const record = { ...member.record, health: { ...health, unreported: null } };
      const { status: to, reason } = health;
      const events = [{ kind: 'status-changed', from, to, reason, mergedChanges: changes - 1 }] as const;
      const { failureThreshold } = this.state.configFor(id);
      records.push(record);
      outbox.push(...healthEventDrafts(record, events, failureThreshold, this.state.draftContext(record, now)));
    }
    this.dueAt = this.pending.size > 0 ? now + FLUSH_EVERY_MS : Infinity;
    if (records.length > 0) this.state.commit({ records, outbox, visible: true }, now);
    return records.length > 0;
  }

  private hold(id: string, payer: string | null, now: number): void {
    this.pending.set(id, payer);
    if (this.dueAt === Infinity) this.dueAt = now + FLUSH_EVERY_MS;
  }

  private consume(member: Member, payer: string | null, now: number): boolean {
    const own = consumeTokens(member.quotas.statuses, STATUS_QUOTA, now);
    if (!own.granted) return false;
    if (payer !== null && !this.byOwner.consume(payer, STATUS_QUOTA_OF_KEY, now).granted) return false;
    member.quotas = { ...member.quotas, statuses: own.next };
    return true;
  }
}
