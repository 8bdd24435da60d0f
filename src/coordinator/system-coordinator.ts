/**
 * The one coordinator of a deployment: a Durable Object.
 *
 * Owns the directory (id → type), the dependency graph, the event log and the system's health roll-up.
 * Knows no component's state beyond that: the registries do.
 */
import { DurableObject } from 'cloudflare:workers';
import type { EventDraft, LoggedEvent } from '../core/event/coordinator-event.ts';
import { TYPE_NAMES } from '../core/config/component-types.ts';
import { toCloudEvent } from '../core/event/cloud-event.ts';
import { dependencyEvents } from '../core/event/dependency-events.ts';
import type { SystemHealth, TypeHealth } from '../core/health/system-health.ts';
import { emptyType, rollUp } from '../core/health/system-health.ts';
import type { Failure } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { Claim, ClaimRefusal, CoordinatorApi, EventQuery, Unsettled } from './coordinator-api.ts';
import { DeliveryStore } from './delivery-store.ts';
import { DirectoryStore } from './directory-store.ts';
import { EventStore } from './event-store.ts';

/** How long a claim is held for a registration under way. */
const CLAIM_MS = 60_000;
const SETTLE_BATCH = 100;
const ENQUEUE_BATCH = 100;
/** The queue may have lost a message by then; a second copy of one it has not is settled without sending. */
const REQUEUE_AFTER_MS = 15 * 60_000;

export class SystemCoordinator extends DurableObject<Env> implements CoordinatorApi {
  private readonly directory: DirectoryStore;
  private readonly log: EventStore;
  private readonly deliveries: DeliveryStore;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.directory = new DirectoryStore(ctx.storage.sql);
    this.log = new EventStore(ctx.storage.sql);
    this.deliveries = new DeliveryStore(ctx.storage.sql);
  }

  async claim(claim: Claim): ReturnType<CoordinatorApi['claim']> {
    return this.ctx.storage.transactionSync(() => {
      const refusal = this.refuse(claim);
      if (refusal) return refusal;
      const sequence = this.directory.nextSequence();
      this.directory.hold(claim.id, claim.type, sequence, Date.now() + CLAIM_MS, claim.dependencies);
      return ok({ sequence });
    });
  }

  async confirm(id: string, sequence: number): Promise<boolean> {
    return this.ctx.storage.transactionSync(() => {
      const entry = this.directory.entry(id);
      if (entry?.pendingSequence === sequence) this.directory.confirm(id, sequence);
      return entry !== undefined;
    });
  }

  async release(id: string, sequence: number): Promise<void> {
    this.ctx.storage.transactionSync(() => this.releaseNow(id, sequence));
  }

  async typeOf(id: string): Promise<string | null> {
    const entry = this.directory.entry(id);
    return entry?.sequence == null ? null : entry.type;
  }

  async unsettled(now: number): Promise<Unsettled[]> {
    return this.directory
      .overdue(now, SETTLE_BATCH)
      .map(({ id, type, pendingSequence }) => ({ id, type, sequence: pendingSequence ?? 0 }));
  }

  async settle(
    id: string,
    sequence: number,
    held: { generation: number; dependencies: readonly string[] } | null,
  ): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      // Someone confirmed or claimed it meanwhile: nothing to repair.
      if (this.directory.entry(id)?.pendingSequence !== sequence) return;
      if (!held) return this.directory.dropPending(id);
      this.directory.addEdges(id, held.generation, held.dependencies);
      this.directory.confirm(id, held.generation);
    });
  }

  async publish(drafts: readonly EventDraft[], health: TypeHealth | null): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      for (const draft of drafts) this.append(draft);
      if (health) this.log.saveTypeHealth(health);
    });
    if (drafts.some(isAlert)) await this.enqueue(Date.now());
  }

  async delivery(id: string): ReturnType<CoordinatorApi['delivery']> {
    return this.deliveries.find(id) ?? null;
  }

  async settleDelivery(id: string, state: 'delivered' | 'dead', error: string | null): Promise<void> {
    this.deliveries.settle(id, state, error);
  }

  async events(query: EventQuery): Promise<LoggedEvent[]> {
    return this.log.list(query);
  }

  async systemHealth(): Promise<SystemHealth> {
    const pushed = new Map(this.log.allTypeHealth().map((health) => [health.type, health]));
    return rollUp(TYPE_NAMES.map((type) => pushed.get(type) ?? emptyType(type)));
  }

  async sweep(now: number): Promise<void> {
    this.log.trim();
    this.deliveries.trim(now);
    await this.enqueue(now);
  }

  /** Hands what is owed to the queue; what the queue loses is handed to it again later. */
  private async enqueue(now: number): Promise<void> {
    const owed = this.deliveries.takeOwed(now - REQUEUE_AFTER_MS, now, ENQUEUE_BATCH);
    if (owed.length === 0) return;
    try {
      await this.env.DELIVERIES.sendBatch(owed.map((deliveryId) => ({ body: { deliveryId } })));
    } catch (error) {
      // It stays owed and the sweep comes back for it; events must not wait for the queue.
      console.error(JSON.stringify({ message: 'deliveries not enqueued', error: String(error) }));
    }
  }

  private append(draft: EventDraft): void {
    const event = this.log.append(draft);
    if (event && isAlert(draft) && this.env.ALERT_WEBHOOK_URL && this.env.ALERT_WEBHOOK_SECRET) {
      this.deliveries.owe(`alert-${draft.key}`, JSON.stringify(toCloudEvent(event)), Date.now());
    }
    for (const follower of dependencyEvents(draft, this.directory.dependants(draft.subject))) this.log.append(follower);
    const { generation } = draft.data;
    // A removal that nobody lived to report to us reaches us as its event.
    if (draft.type === 'component.unregistered' && typeof generation === 'number')
      this.releaseNow(draft.subject, generation);
  }

  private releaseNow(id: string, sequence: number): void {
    if (this.directory.entry(id)?.pendingSequence === sequence) this.directory.dropPending(id);
    this.directory.dropConfirmed(id, sequence);
  }

  private refuse({ id, type, dependencies }: Claim): Failure<ClaimRefusal> | null {
    const entry = this.directory.entry(id);
    if (entry && entry.type !== type)
      return fail('type-conflict', `${id} is registered as ${entry.type}, not as ${type}`);
    const missing = dependencies.find((dependency) => this.directory.entry(dependency)?.sequence == null);
    if (missing !== undefined) return fail('dependency-not-registered', `${missing} is not registered`);
    if (this.directory.reaches(dependencies, id)) return fail('dependency-cycle', `${id} would depend on itself`);
    return null;
  }
}

const isAlert = (draft: EventDraft): boolean => draft.type === 'incident.opened';
