/**
 * The one coordinator of a deployment: a Durable Object. Holds the RPC methods only; `coordinator-runtime.ts` wires the
 * modules behind them.
 *
 * Owns the directory (id → type and owner), the dependency graph, keys and configuration. Owns the event log, webhooks,
 * incidents and the health roll-up as well. Never knows more of a component: its registry does.
 */
import { DurableObject } from 'cloudflare:workers';
import type { Actor } from '../core/access/actor.ts';
import type { AuditEntry } from '../core/access/audit-entry.ts';
import type { KeyQuotasChange } from '../core/access/key-quotas.ts';
import type { SessionRef } from '../core/access/ended-session.ts';
import type { EventDraft, LoggedEvent } from '../core/event/coordinator-event.ts';
import type { DocumentScope } from '../core/config/config-documents.ts';
import type { TypeConditions } from '../core/health/root-cause-update.ts';
import type { SystemHealth, TypeHealth } from '../core/health/system-health.ts';
import type { QuotaHolder } from '../core/quota/change-quota.ts';
import type { IncidentReport, TimelineEntry } from '../core/incident/incident-report.ts';
import type { Silence } from '../core/incident/silence.ts';
import type {
  Claim,
  CoordinatorApi,
  EventQuery,
  FreshSecret,
  RegisteredClaim,
  KeyDraft,
  KeyIssue,
  KeySyncRequest,
  UnsettledClaim,
} from './contract/coordinator-api.ts';
import { CoordinatorRuntime } from './coordinator-runtime.ts';
import type { DeliveryQuery } from './contract/delivery-api.ts';
import type { WebhookChange, WebhookDraft, WebhookRotation } from './contract/webhook-api.ts';
import type { VersionCondition } from '../core/version-condition.ts';
import type { DeliveryOutcome } from '../core/delivery/delivery-attempt.ts';
import type { DeliveryOrder } from '../core/delivery/delivery-contract.ts';
import type { ComponentConfigRequest, ConfigPut, ConfigRollback, TypeRemoval } from './contract/config-api.ts';
import { runParts } from '../logging/run-parts.ts';

const SETTLE_BATCH = 100;
const DELIVERY_WAIT_MS = 1_000;

export class SystemCoordinator extends DurableObject<Env> implements CoordinatorApi {
  private readonly runtime: CoordinatorRuntime;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.runtime = new CoordinatorRuntime(ctx, env);
  }

  /** Opens an event socket: the only request that reaches the object as HTTP. */
  override fetch(request: Request): Response {
    return this.runtime.readers.openSocket(request);
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    this.runtime.readers.sockets.receive(socket, message, Date.now());
  }

  override async alarm(): Promise<void> {
    const { runtime } = this;
    runtime.alarms.fired();
    const parts = runParts('due work of the coordinator failed', {
      alerts: () => runtime.change(() => runtime.alertGroups.sendDue(Date.now())),
      webhooks: () => runtime.dispatch.markAllDirty(),
      'root-cause updates': () => runtime.rootCauseDelivery.deliver(),
    });
    // A slow registry must not delay the next alarm.
    await Promise.race([parts, scheduler.wait(DELIVERY_WAIT_MS)]);
    runtime.alarms.arm();
  }

  async claim(claim: Claim): ReturnType<CoordinatorApi['claim']> {
    const { runtime } = this;
    return this.ctx.storage.transactionSync(
      () =>
        runtime.refuseChange(claim.keyId, `component ${claim.id}`, claim.quotaHolder ?? null) ??
        runtime.claims.claim(claim, Date.now()),
    );
  }

  async confirm(id: string, sequence: number): Promise<boolean> {
    return this.runtime.change(() => this.runtime.claims.confirm(id, sequence));
  }

  async release(id: string, sequence: number): Promise<void> {
    this.runtime.change(() => this.runtime.claims.release(id, sequence));
  }

  async removed(id: string, sequence: number): Promise<void> {
    this.runtime.change(() => this.runtime.claims.remove(id, sequence));
  }

  async typeOf(id: string): Promise<string | null> {
    return this.runtime.directory.entry(id)?.type ?? null;
  }

  async typesOf(ids: readonly string[]): Promise<(string | null)[]> {
    return ids.map((id) => this.runtime.directory.entry(id)?.type ?? null);
  }

  async overdueClaims(now: number): Promise<UnsettledClaim[]> {
    return this.runtime.directory.overdueClaims(now, SETTLE_BATCH);
  }

  async settle(id: string, sequence: number, registered: RegisteredClaim | null): Promise<void> {
    this.runtime.change(() => this.runtime.claims.settle(id, sequence, registered));
  }

  async publish(drafts: readonly EventDraft[], health: TypeHealth | null): Promise<void> {
    this.runtime.change(() => {
      for (const draft of drafts) this.runtime.incidents.onPublished(draft, this.runtime.append(draft), Date.now());
      if (health) this.runtime.eventStore.saveTypeHealth(health);
    });
  }

  async raiseIncident(raise: IncidentReport): ReturnType<CoordinatorApi['raiseIncident']> {
    return this.runtime.change(() => this.runtime.incidents.raise(raise, Date.now()));
  }

  async openIncidents(after: string, limit: number): ReturnType<CoordinatorApi['openIncidents']> {
    return this.runtime.incidents.open(after, limit);
  }

  async pendingTimelineEntries(limit: number): ReturnType<CoordinatorApi['pendingTimelineEntries']> {
    return this.runtime.incidents.pendingEntries(limit);
  }

  async settleTimelineEntries(entries: readonly Pick<TimelineEntry, 'incidentId' | 'key'>[]): Promise<void> {
    this.ctx.storage.transactionSync(() => this.runtime.incidents.settleEntries(entries));
  }

  async silences(): Promise<Silence[]> {
    return this.runtime.incidents.silences(Date.now());
  }

  async addSilence(silence: Silence, actor: Actor): ReturnType<CoordinatorApi['addSilence']> {
    return this.runtime.change(
      () => this.runtime.refuseChange(actor.keyId, null) ?? this.runtime.incidents.addSilence(silence, actor),
    );
  }

  async endSilence(id: string, actor: Actor): ReturnType<CoordinatorApi['endSilence']> {
    const now = Date.now();
    return this.runtime.change(
      () =>
        this.runtime.refuseChange(actor.keyId, `silence ${id}`) ?? this.runtime.incidents.endSilence(id, actor, now),
    );
  }

  async reconcile(conditions: TypeConditions): Promise<void> {
    this.runtime.change(() => this.runtime.rootCauses.reconcile(conditions, Date.now()));
  }

  async events(query: EventQuery): Promise<LoggedEvent[]> {
    return this.runtime.eventStore.list(query);
  }

  async readLog(query: EventQuery, holdMs: number): ReturnType<CoordinatorApi['readLog']> {
    return this.runtime.readers.log.read(query, holdMs);
  }

  async sequence(known: number | null, holdMs: number): Promise<number> {
    return this.runtime.readers.log.sequence(known, holdMs);
  }

  async reportedRevision(type: string): Promise<number | null> {
    return this.runtime.eventStore.allTypeHealth().find((health) => health.type === type)?.revision ?? null;
  }

  async systemHealth(): Promise<SystemHealth> {
    return this.ctx.storage.transactionSync(() => this.runtime.systemView.health(Date.now()));
  }

  async reportHistoryWrite(works: boolean): Promise<void> {
    this.runtime.systemView.reportHistoryWrite(works, Date.now());
  }

  async registeredTypes(): Promise<string[]> {
    const published = this.runtime.eventStore.allTypeHealth().map(({ type }) => type);
    return [...new Set([...this.runtime.directory.registeredTypes(), ...published])];
  }

  async populatedTypes(except: string): Promise<string[]> {
    const populated = this.runtime.eventStore.allTypeHealth().filter(({ counts }) => counts.total > 0);
    return populated.map(({ type }) => type).filter((type) => type !== except);
  }

  async createKey(draft: KeyDraft, actor: Actor): ReturnType<CoordinatorApi['createKey']> {
    return this.ctx.storage.transactionSync(
      () =>
        this.runtime.refuseChange(actor.keyId, ...chargedTo(draft.issue, null)) ??
        this.runtime.refuseIssue(draft.issue) ??
        this.runtime.keys.create(draft, actor, Date.now()),
    );
  }

  async rotateKey(id: string, fresh: FreshSecret, actor: Actor): ReturnType<CoordinatorApi['rotateKey']> {
    const rotated = this.ctx.storage.transactionSync(
      () =>
        this.runtime.refuseChange(actor.keyId, ...chargedTo(fresh.issue ?? null, `key ${id}`)) ??
        this.runtime.refuseIssue(fresh.issue ?? null) ??
        this.runtime.keys.rotate(id, fresh, actor, Date.now()),
    );
    this.runtime.readers.sockets.closeUnauthorized(Date.now());
    return rotated;
  }

  async revokeKey(id: string, options: { cascade: boolean }, actor: Actor): ReturnType<CoordinatorApi['revokeKey']> {
    const revoked = this.ctx.storage.transactionSync(
      () =>
        this.runtime.refuseChange(actor.keyId, `key ${id}`) ?? this.runtime.keys.revoke(id, options, actor, Date.now()),
    );
    this.runtime.readers.sockets.closeUnauthorized(Date.now());
    return revoked;
  }

  async setQuotas(id: string, change: KeyQuotasChange, actor: Actor): ReturnType<CoordinatorApi['setQuotas']> {
    return this.ctx.storage.transactionSync(
      () =>
        this.runtime.refuseChange(actor.keyId, `key ${id}`) ??
        this.runtime.keys.setQuotas(id, change, actor, Date.now()),
    );
  }

  async key(id: string): ReturnType<CoordinatorApi['key']> {
    return this.runtime.keyStore.find(id) ?? null;
  }

  async keys(after: string, limit: number): ReturnType<CoordinatorApi['keys']> {
    return this.runtime.keyStore.list(after, limit);
  }

  async keyIssuedTo(componentId: string): ReturnType<CoordinatorApi['keyIssuedTo']> {
    return this.runtime.keys.issuedTo(componentId, Date.now()) ?? null;
  }

  async redeemSignIn(link: SessionRef): Promise<boolean> {
    return this.ctx.storage.transactionSync(() => this.runtime.keys.redeemSignIn(link));
  }

  async endSession(session: SessionRef, actor: Actor): Promise<void> {
    this.ctx.storage.transactionSync(() => this.runtime.keys.endSession(session, actor, Date.now()));
    this.runtime.readers.sockets.closeUnauthorized(Date.now());
  }

  async syncKeys(request: KeySyncRequest): ReturnType<CoordinatorApi['syncKeys']> {
    return this.runtime.keys.sync(request, Date.now());
  }

  async configDocuments(): ReturnType<CoordinatorApi['configDocuments']> {
    return this.runtime.configDocuments.documents();
  }

  async syncConfig(since: number): ReturnType<CoordinatorApi['syncConfig']> {
    return this.runtime.configDocuments.since(since);
  }

  async putConfig(request: ConfigPut): ReturnType<CoordinatorApi['putConfig']> {
    const put = this.runtime.configCalls.put(request);
    this.runtime.systemView.trackFrozen(Date.now());
    return put;
  }

  async rollBackConfig(request: ConfigRollback): ReturnType<CoordinatorApi['rollBackConfig']> {
    const stored = this.runtime.configCalls.rollBack(request);
    this.runtime.systemView.trackFrozen(Date.now());
    return stored;
  }

  async removeType(removal: TypeRemoval): ReturnType<CoordinatorApi['removeType']> {
    const removed = this.runtime.configCalls.removeType(removal);
    this.runtime.systemView.trackFrozen(Date.now());
    return removed;
  }

  async configAt(scope: DocumentScope): ReturnType<CoordinatorApi['configAt']> {
    return this.runtime.configDocuments.current(scope) ?? null;
  }

  async configHistory(
    scope: DocumentScope,
    before: number,
    limit: number,
  ): ReturnType<CoordinatorApi['configHistory']> {
    return this.runtime.configDocuments.history(scope, before, limit);
  }

  async configRevision(scope: DocumentScope, revision: number): ReturnType<CoordinatorApi['configRevision']> {
    return this.runtime.configDocuments.revision(scope, revision) ?? null;
  }

  async configSequence(known: number | null, holdMs: number): Promise<number> {
    return this.runtime.configCalls.sequence(known, holdMs);
  }

  async componentConfig(request: ComponentConfigRequest): ReturnType<CoordinatorApi['componentConfig']> {
    return this.runtime.configCalls.componentConfig(request);
  }

  async createWebhook(draft: WebhookDraft, actor: Actor): ReturnType<CoordinatorApi['createWebhook']> {
    return this.runtime.webhookCalls.create(draft, actor);
  }

  async webhooks(after: string, limit: number): ReturnType<CoordinatorApi['webhooks']> {
    return this.runtime.webhooks.list(after, limit);
  }

  async webhook(id: string): ReturnType<CoordinatorApi['webhook']> {
    return this.runtime.webhookCalls.find(id);
  }

  async changeWebhook(change: WebhookChange, actor: Actor): ReturnType<CoordinatorApi['changeWebhook']> {
    return this.runtime.webhookCalls.change(change, actor);
  }

  async removeWebhook(
    id: string,
    ifRevision: VersionCondition,
    actor: Actor,
  ): ReturnType<CoordinatorApi['removeWebhook']> {
    return this.runtime.webhookCalls.remove(id, ifRevision, actor);
  }

  async rotateWebhookSecret(
    rotation: WebhookRotation,
    actor: Actor,
  ): ReturnType<CoordinatorApi['rotateWebhookSecret']> {
    return this.runtime.webhookCalls.rotateSecret(rotation, actor);
  }

  async webhookDeliveries(id: string, query: DeliveryQuery): ReturnType<CoordinatorApi['webhookDeliveries']> {
    return this.runtime.webhookCalls.listDeliveries(id, query);
  }

  async replayDelivery(id: string, deliveryId: string, actor: Actor): ReturnType<CoordinatorApi['replayDelivery']> {
    return this.runtime.webhookCalls.replayDelivery(id, deliveryId, actor);
  }

  async replayWebhook(id: string, after: number | null, actor: Actor): ReturnType<CoordinatorApi['replayWebhook']> {
    return this.runtime.webhookCalls.replayAll(id, after, actor);
  }

  async webhookTest(id: string, testId: string, actor: Actor): ReturnType<CoordinatorApi['webhookTest']> {
    return this.runtime.webhookCalls.testJob(id, testId, actor);
  }

  async beginDelivery(order: DeliveryOrder): ReturnType<CoordinatorApi['beginDelivery']> {
    return this.runtime.webhookCalls.beginDelivery(order, Date.now());
  }

  async extendDelivery(order: DeliveryOrder): Promise<boolean> {
    return this.runtime.deliveries.extend(order, Date.now());
  }

  async reportDelivery(order: DeliveryOrder, outcome: DeliveryOutcome): Promise<void> {
    this.runtime.webhookCalls.reportDelivery(order, outcome, Date.now());
  }

  async audit(entries: readonly AuditEntry[]): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      for (const entry of entries) this.runtime.auditStore.enqueue(entry);
    });
  }

  async pendingAuditEntries(limit: number): Promise<AuditEntry[]> {
    return this.runtime.auditStore.pending(limit);
  }

  async settleAuditEntries(ids: readonly string[]): Promise<void> {
    this.runtime.auditStore.settle(ids);
  }

  async sweep(now: number): Promise<void> {
    const { runtime } = this;
    const parts = runParts('sweep of the coordinator failed', {
      log: () => runtime.eventStore.trim(),
      keys: () => runtime.keyStore.trim(now),
      sessions: () => runtime.endedSessions.trim(now),
      webhooks: () => runtime.webhookCalls.sweep(now),
      directory: () => runtime.directory.trim(now),
      'root causes': () => runtime.rootCauseStore.trim(),
      configuration: () => runtime.configDocuments.trim(now),
      incidents: () => runtime.change(() => runtime.incidents.sweep(now)),
      sockets: () => runtime.readers.sockets.sweep(now),
      'root-cause updates': () => runtime.rootCauseDelivery.deliver(),
      'component configuration': () => runtime.configDelivery.deliver(),
    });
    // A slow registry must not keep the sweep waiting.
    await Promise.race([parts, scheduler.wait(DELIVERY_WAIT_MS)]);
  }
}

/** Subject and quota that issuing a key is charged to. The key of a component is charged to its registration. */
const chargedTo = (issue: KeyIssue | null, subject: string | null): readonly [string | null, QuotaHolder | null] =>
  issue ? [`component ${issue.componentId}`, issue.quotaHolder ?? null] : [subject, 'operator'];
