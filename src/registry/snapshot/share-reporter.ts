/**
 * Publishes `load.redistributed` when the traffic shares of a type change, and on an operator's request. Shares follow
 * at once from membership, routability and capacity. Only the events are batched, so that a storm of registrations is
 * a few events.
 * Invariant: the reported capacities are stored with their event. After a kill the comparison continues from there.
 */
import type { Actor } from '../../core/access/actor.ts';
import type { Capacities, Redistribution } from '../../core/balancing/shares.ts';
import { redistribution } from '../../core/balancing/shares.ts';
import type { BucketPolicy, TokenBucket } from '../../core/quota/token-bucket.ts';
import { consumeTokens, fullBucket } from '../../core/quota/token-bucket.ts';
import { servingCapacities } from '../state/work-shares.ts';
import { typeEventDraft } from '../state/component-events.ts';
import type { RegistryState } from '../state/registry-state.ts';

/** Smallest part of all work, 0 to 1, whose move is reported. */
const MIN_MOVED = 0.001;
/** Minimum delay from a change to its event, and between two events. */
const DELAY_MS = 1_000;
/** While changes continue, the delay doubles up to this. */
const MAX_DELAY_MS = 30_000;
/** Events that operators' requests may cause. */
const REQUEST_QUOTA: BucketPolicy = { burst: 30, perSecond: 0.5 };
/** Largest number of changed shares in one event; the event also has their total number. */
const MAX_NAMED = 50;

export class ShareReporter {
  private readonly state: RegistryState;
  private readonly deliver: (now: number) => void;
  private reported: Capacities | null = null;
  /** Epoch ms of the next comparison; Infinity for none. The alarm makes it, because a timer keeps the object awake. */
  dueAt = Infinity;
  private delayMs = DELAY_MS;
  private reportedAt = -Infinity;
  private requests: TokenBucket | null = null;

  constructor(state: RegistryState, deliver: (now: number) => void) {
    this.state = state;
    this.deliver = deliver;
  }

  /** Schedules a comparison after a change that may move shares. */
  schedule(now: number): void {
    if (this.dueAt !== Infinity) return;
    // Another change soon after the last event: a storm, so wait longer.
    this.delayMs =
      Math.abs(now - this.reportedAt) < 2 * this.delayMs ? Math.min(MAX_DELAY_MS, 2 * this.delayMs) : DELAY_MS;
    this.dueAt = now + this.delayMs;
  }

  /** Compares and reports, if that is due by `now` (epoch ms). */
  tick(now: number): void {
    if (this.dueAt === Infinity) return;
    // A longer delay than any means that the clock went back.
    if (now < this.dueAt && this.dueAt - now <= MAX_DELAY_MS) return;
    this.dueAt = Infinity;
    this.report(now);
  }

  /**
   * Publishes the event even when no share changed. The visible revision makes edges and readers fetch again. Requests
   * beyond `REQUEST_QUOTA` that have nothing to report share the event before.
   */
  redistribute(actor: Actor | null, now: number): Redistribution {
    const change = this.compare();
    const charged = consumeTokens((this.requests ??= fullBucket(REQUEST_QUOTA, now)), REQUEST_QUOTA, now);
    this.requests = charged.next;
    if (!charged.granted && change.changes.length === 0) return change;
    const audit = actor && { actor, action: 'load.redistribute' as const, before: null, after: null };
    this.store(change, 'requested', { visible: true, audit }, now);
    return change;
  }

  private report(now: number): void {
    if (this.state.type === '') return;
    const change = this.compare();
    if (change.movedShare < MIN_MOVED) return;
    this.store(change, change.reason ?? 'capacity', { visible: false, audit: null }, now);
    this.deliver(now);
  }

  private store(
    { movedShare, changes }: Redistribution,
    reason: string,
    { visible, audit }: { readonly visible: boolean; readonly audit: AuditOf | null },
    now: number,
  ): void {
    const { type, revision } = this.state;
    const capacities = this.capacities();
    const data = {
      type,
      reason,
      revision: visible ? revision + 1 : revision,
      components: capacities.size,
      movedShare,
      changed: changes.length,
      shares: changes.slice(0, MAX_NAMED).map((change) => ({ ...change })),
    };
    const outbox = [typeEventDraft('load.redistributed', type, data, { now, ...(audit ? { audit } : {}) })];
    this.state.commit({ outbox, capacities: { before: this.before(), after: capacities }, visible }, now);
    this.reported = capacities;
    this.reportedAt = now;
  }

  private compare(): Redistribution {
    return redistribution(this.before(), this.capacities());
  }

  private before(): Capacities {
    return (this.reported ??= this.state.store.shares.load());
  }

  private capacities(): Capacities {
    return servingCapacities(this.state);
  }
}

type AuditOf = NonNullable<Parameters<typeof typeEventDraft>[3]['audit']>;
