/**
 * The one coordinator of a deployment: a Durable Object.
 *
 * Owns the directory (id → type and owner), the dependency graph, the keys, the configuration, the event log
 * and the system's health roll-up.
 * Knows no component's state beyond that: the registries do.
 */
import { DurableObject, env } from 'cloudflare:workers';
import type { Actor } from '../core/access/actor.ts';
import type { AuditEntry } from '../core/access/audit-entry.ts';
import type { SessionRef } from '../core/access/ended-session.ts';
import type { EventDraft, LoggedEvent } from '../core/event/coordinator-event.ts';
import { typeNames } from '../core/config/component-types.ts';
import { toCloudEvent } from '../core/event/cloud-event.ts';
import { concernsDependants, dependencyEvents } from '../core/event/dependency-events.ts';
import { toldCondition } from '../core/event/told-condition.ts';
import type { DependencyFollower, TypeConditions } from '../core/health/dependency-turn.ts';
import type { SystemHealth, TypeHealth } from '../core/health/system-health.ts';
import { emptyType, rollUp, withAffected } from '../core/health/system-health.ts';
import type { Changer } from '../core/quota/change-quota.ts';
import type { Failure } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type {
  Claim,
  ClaimRefusal,
  ConfigPut,
  CoordinatorApi,
  EventQuery,
  FreshSecret,
  Held,
  KeyDraft,
  KeyIssue,
  KeySyncRequest,
  Unsettled,
} from './coordinator-api.ts';
import { AuditStore } from './audit-store.ts';
import { ChangeGate } from './change-gate.ts';
import { ConditionStore } from './condition-store.ts';
import { ConfigDesk } from './config-desk.ts';
import { ConfigStore } from './config-store.ts';
import { DeliveryStore } from './delivery-store.ts';
import { DependencyDesk } from './dependency-desk.ts';
import { DependencyDoubts } from './dependency-doubts.ts';
import type { ClaimRow } from './directory-store.ts';
import { DirectoryStore } from './directory-store.ts';
import { EventStore } from './event-store.ts';
import { EndedSessionStore } from './ended-session-store.ts';
import { KeyDesk } from './key-desk.ts';
import { KeyScalarStore } from './key-scalar-store.ts';
import { KeyStore } from './key-store.ts';
import { TurnDelivery } from './turn-delivery.ts';

/** How long a claim is held for a registration under way. */
const CLAIM_MS = 60_000;
const SETTLE_BATCH = 100;
const ENQUEUE_BATCH = 100;
/** A message not heard of for so long is lost from the queue and is sent again. */
const LOST_AFTER_MS = 15 * 60_000;

export class SystemCoordinator extends DurableObject<Env> implements CoordinatorApi {
  private readonly directory: DirectoryStore;
  private readonly log: EventStore;
  private readonly deliveries: DeliveryStore;
  private readonly keyStore: KeyStore;
  private readonly endedSessions: EndedSessionStore;
  private readonly auditStore: AuditStore;
  private readonly keyDesk: KeyDesk;
  private readonly configDesk: ConfigDesk;
  private readonly conditions: ConditionStore;
  private readonly dependencies: DependencyDesk;
  private readonly turns: TurnDelivery;
  private readonly doubts: DependencyDoubts;
  private readonly changes = new ChangeGate();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.directory = new DirectoryStore(ctx.storage.sql);
    this.log = new EventStore(ctx.storage.sql);
    this.configDesk = new ConfigDesk(new ConfigStore(ctx.storage.sql));
    this.deliveries = new DeliveryStore(ctx.storage.sql);
    const scalars = new KeyScalarStore(ctx.storage.sql);
    this.keyStore = new KeyStore(ctx.storage.sql, scalars);
    this.endedSessions = new EndedSessionStore(ctx.storage.sql, scalars);
    this.auditStore = new AuditStore(ctx.storage.sql);
    this.keyDesk = new KeyDesk(this.keyStore, this.endedSessions, this.auditStore);
    this.conditions = new ConditionStore(ctx.storage.sql);
    this.dependencies = new DependencyDesk(this.directory, this.conditions, (draft) => this.log.append(draft));
    this.turns = new TurnDelivery(this.conditions, ctx.storage, followerOf);
    this.doubts = new DependencyDoubts(this.directory, followerOf);
  }

  override async alarm(): Promise<void> {
    await this.turns.deliver();
  }

  async claim(claim: Claim): ReturnType<CoordinatorApi['claim']> {
    const now = Date.now();
    return this.ctx.storage.transactionSync(() => {
      const refusal =
        this.refuseActor(claim.keyId) ?? this.refuseChange(claim.keyId, claim.changer) ?? this.refuse(claim);
      if (refusal) return refusal;
      const { id, type, dependencies } = claim;
      // One that the sweep settles brings to light whatever is stored: while it cannot, more would only pile up.
      this.directory.dropOverdue(id, now);
      const entry = this.directory.entry(id);
      // A registrar's claim under way counts, or whoever may take over any id would take it unawares.
      const owner = entry ? entry.owner : (this.directory.claimantOf(id) ?? claim.owner);
      const sequence = this.directory.nextSequence();
      this.directory.addClaim({ id, type, sequence, owner }, now + CLAIM_MS, dependencies);
      return ok({ sequence, owner });
    });
  }

  async confirm(id: string, sequence: number): Promise<boolean> {
    return this.change(() => {
      const claim = this.directory.claim(sequence);
      if (!claim) return this.directory.entry(id)?.sequence === sequence;
      // Removed since, though the caller could not know: the claim stays for the sweep to settle.
      if (sequence <= this.directory.removedUpTo(id)) return false;
      this.enter(claim);
      return true;
    });
  }

  async release(id: string, sequence: number): Promise<void> {
    this.change(() => {
      const claim = this.directory.claim(sequence);
      if (claim) this.directory.dropClaim(claim);
      else if (this.directory.entry(id)?.sequence === sequence) this.leave(id, sequence);
    });
  }

  async removed(id: string, sequence: number): Promise<void> {
    this.change(() => this.forget(id, sequence));
  }

  async typeOf(id: string): Promise<string | null> {
    return this.directory.entry(id)?.type ?? null;
  }

  async typesOf(ids: readonly string[]): Promise<(string | null)[]> {
    return ids.map((id) => this.directory.entry(id)?.type ?? null);
  }

  async unsettled(now: number): Promise<Unsettled[]> {
    return this.directory.overdueClaims(now, SETTLE_BATCH);
  }

  async settle(id: string, sequence: number, held: Held | null): Promise<void> {
    this.change(() => {
      const claim = this.directory.claim(sequence);
      // Someone confirmed or released it meanwhile: nothing to repair.
      if (!claim) return;
      if (held && held.claim > this.directory.removedUpTo(id)) {
        this.directory.addEdges(id, held.claim, held.dependencies);
        this.enter({ id, type: claim.type, sequence: held.claim, owner: held.owner });
      }
      this.directory.dropClaim(claim);
    });
  }

  async publish(drafts: readonly EventDraft[], health: TypeHealth | null): Promise<void> {
    this.change(() => {
      for (const draft of drafts) this.append(draft);
      if (health) this.log.saveTypeHealth(health);
    });
    if (drafts.some(isAlert)) await this.enqueue(Date.now());
  }

  async reconcile(conditions: TypeConditions): Promise<void> {
    this.change(() => this.dependencies.reconcile(conditions, Date.now()));
  }

  async delivery(id: string): ReturnType<CoordinatorApi['delivery']> {
    return this.deliveries.find(id) ?? null;
  }

  async postponeDelivery(id: string, until: number): Promise<void> {
    this.deliveries.expectBy(id, until + LOST_AFTER_MS);
  }

  async settleDelivery(id: string, state: 'delivered' | 'dead', error: string | null): Promise<void> {
    this.deliveries.settle(id, state, error);
  }

  async events(query: EventQuery): Promise<LoggedEvent[]> {
    return this.log.list(query);
  }

  async systemHealth(): Promise<SystemHealth> {
    const pushed = new Map(this.log.allTypeHealth().map((health) => [health.type, health]));
    const types = typeNames(this.configDesk.documents()).map((type) => pushed.get(type) ?? emptyType(type));
    return withAffected(rollUp(types), this.conditions.affected());
  }

  async populatedTypes(except: string): Promise<string[]> {
    const populated = this.log.allTypeHealth().filter(({ counts }) => counts.total > 0);
    return populated.map(({ type }) => type).filter((type) => type !== except);
  }

  async createKey(draft: KeyDraft, actor: Actor): ReturnType<CoordinatorApi['createKey']> {
    return this.ctx.storage.transactionSync(
      () =>
        this.refuseActor(actor.keyId) ??
        this.refuseChange(actor.keyId, draft.issue?.changer) ??
        this.refuseIssue(draft.issue) ??
        this.keyDesk.create(draft, actor, Date.now()),
    );
  }

  async rotateKey(id: string, fresh: FreshSecret, actor: Actor): ReturnType<CoordinatorApi['rotateKey']> {
    return this.ctx.storage.transactionSync(
      () =>
        this.refuseActor(actor.keyId) ??
        this.refuseChange(actor.keyId, fresh.issue?.changer) ??
        this.refuseIssue(fresh.issue ?? null) ??
        this.keyDesk.rotate(id, fresh, actor, Date.now()),
    );
  }

  async revokeKey(id: string, options: { cascade: boolean }, actor: Actor): ReturnType<CoordinatorApi['revokeKey']> {
    return this.ctx.storage.transactionSync(
      () => this.refuseActor(actor.keyId) ?? this.keyDesk.revoke(id, options, actor, Date.now()),
    );
  }

  async key(id: string): ReturnType<CoordinatorApi['key']> {
    return this.keyStore.find(id) ?? null;
  }

  async keys(after: string, limit: number): ReturnType<CoordinatorApi['keys']> {
    return this.keyStore.list(after, limit);
  }

  async keyIssuedTo(componentId: string): ReturnType<CoordinatorApi['keyIssuedTo']> {
    return this.keyDesk.issuedTo(componentId, Date.now()) ?? null;
  }

  async endSession(session: SessionRef, actor: Actor): Promise<void> {
    this.ctx.storage.transactionSync(() => this.keyDesk.endSession(session, actor, Date.now()));
  }

  async syncKeys(request: KeySyncRequest): ReturnType<CoordinatorApi['syncKeys']> {
    return this.keyDesk.sync(request, Date.now());
  }

  async configDocuments(): ReturnType<CoordinatorApi['configDocuments']> {
    return this.configDesk.documents();
  }

  async syncConfig(since: number): ReturnType<CoordinatorApi['syncConfig']> {
    return this.configDesk.since(since);
  }

  async putConfig(request: ConfigPut): ReturnType<CoordinatorApi['putConfig']> {
    return this.ctx.storage.transactionSync(
      () =>
        this.refuseActor(request.actor.keyId) ??
        this.configDesk.put(request, Date.now(), (draft) => this.append(draft)),
    );
  }

  async audit(entries: readonly AuditEntry[]): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      for (const entry of entries) this.auditStore.owe(entry);
    });
  }

  async auditOwed(limit: number): Promise<AuditEntry[]> {
    return this.auditStore.owed(limit);
  }

  async auditSettled(ids: readonly string[]): Promise<void> {
    this.auditStore.settle(ids);
  }

  async sweep(now: number): Promise<void> {
    this.log.trim();
    this.keyStore.trim(now);
    this.endedSessions.trim(now);
    this.deliveries.trim(now);
    this.directory.trim(now);
    this.conditions.trim();
    await this.turns.deliver();
    await this.enqueue(now);
  }

  /** Makes a change whole or not at all; what registries are to be told of it goes out behind it. */
  private change<T>(make: () => T): T {
    const made = this.ctx.storage.transactionSync(make);
    this.turns.begin();
    return made;
  }

  /** Hands what is owed to the queue; what the queue loses is handed to it again later. */
  private async enqueue(now: number): Promise<void> {
    const owed = this.deliveries.overdue(now, ENQUEUE_BATCH);
    if (owed.length === 0) return;
    try {
      await this.env.DELIVERIES.sendBatch(owed.map((deliveryId) => ({ body: { deliveryId } })));
      for (const id of owed) this.deliveries.expectBy(id, now + LOST_AFTER_MS);
    } catch (error) {
      // It stays owed and the sweep comes back for it; events must not wait for the queue.
      console.error(JSON.stringify({ message: 'deliveries not enqueued', error: String(error) }));
    }
  }

  private append(draft: EventDraft): void {
    const event = this.log.append(draft);
    // Published before: all that follows from it is written too.
    if (!event) return;
    if (draft.audit) this.auditStore.owe({ subject: draft.subject, ...draft.audit, id: draft.key, at: draft.time });
    if (isAlert(draft) && this.env.ALERT_WEBHOOK_URL && this.env.ALERT_WEBHOOK_SECRET) {
      this.deliveries.owe(`alert-${draft.key}`, JSON.stringify(toCloudEvent(event)), Date.now());
    }
    const dependants = concernsDependants(draft) ? this.directory.dependants(draft.subject) : [];
    for (const follower of dependencyEvents(draft, dependants)) this.log.append(follower);
    const condition = toldCondition(draft);
    if (condition) this.dependencies.heard(condition, draft.time);
    if (draft.type === 'component.failed') this.doubts.raise(draft.subject, Date.now());
    const { claim } = draft.data;
    // A removal that nobody lived to report to us reaches us as its event.
    if (draft.type === 'component.unregistered' && typeof claim === 'number') this.forget(draft.subject, claim);
  }

  private enter(claim: ClaimRow): void {
    const before = this.directory.entry(claim.id);
    this.directory.enter(claim);
    this.dependencies.entered(claim.id, before, Date.now());
  }

  private leave(id: string, sequence: number): void {
    this.directory.leave(id, sequence);
    this.dependencies.left(id, Date.now());
  }

  /** The component is gone under that number; whoever still registers it under an older one must claim anew. */
  private forget(id: string, sequence: number): void {
    this.leave(id, sequence);
    this.directory.noteRemoval(id, sequence, Date.now());
    if (!this.directory.entry(id)) this.keyDesk.componentGone(id, Date.now());
  }

  /** A component's key goes only to who may have it now: whoever asked may have been overtaken by a removal. */
  private refuseIssue(issue: KeyIssue | null): Failure<'unknown-component'> | null {
    if (!issue) return null;
    const { componentId, owner } = issue;
    const entry = this.directory.entry(componentId);
    const isTheirs = entry !== undefined && (owner === null || entry.owner === owner);
    return isTheirs ? null : fail('unknown-component', `${componentId} is not registered`);
  }

  private refuseActor(keyId: string | undefined): Failure<'unauthorized'> | null {
    const inForce = keyId === undefined || this.keyDesk.isInForce(keyId, Date.now());
    return inForce ? null : fail('unauthorized', 'the key is not valid any more');
  }

  /** Asked before anything that costs: a change that is refused for another reason is charged as well. */
  private refuseChange(keyId?: string, changer?: Changer | null): Failure<'too-many-changes'> | null {
    return changer && keyId !== undefined ? this.changes.refuse(keyId, changer, Date.now()) : null;
  }

  private refuse({ id, type, dependencies, owner }: Claim): Failure<ClaimRefusal> | null {
    const isTaken = owner !== null && this.directory.ownersOf(id).some((holder) => holder !== owner);
    if (isTaken) return fail('id-taken', `${id} is registered by somebody else`);
    const other = this.directory.typesOf(id).find((known) => known !== type);
    if (other !== undefined) return fail('type-conflict', `${id} is registered as ${other}, not as ${type}`);
    const added = dependencies.filter((dependency) => !this.directory.dependsOn(id, dependency));
    // One it names already may have gone since: that must not keep it from changing anything else.
    const missing = added.find((dependency) => !this.directory.entry(dependency));
    if (missing !== undefined) return fail('dependency-not-registered', `${missing} is not registered`);
    return this.closesCycle(id, added) ? fail('dependency-cycle', `${id} would depend on itself`) : null;
  }

  /** Whether edges from `id` would lead back to it. There was no cycle before, so only new ones can close one. */
  private closesCycle(id: string, added: readonly string[]): boolean {
    if (added.includes(id)) return true;
    // The search may walk the whole graph: not for a component on which nobody depends, and most are such.
    return added.length > 0 && this.directory.hasDependants(id) && this.directory.reaches(added, id);
  }
}

/** Of a type: by its contract, the coordinator imports no registry. */
const followerOf = (type: string): DependencyFollower => {
  const stub: unknown = env.COMPONENT_REGISTRY.getByName(type);
  return stub as DependencyFollower;
};

const isAlert = (draft: EventDraft): boolean => draft.type === 'incident.opened';
