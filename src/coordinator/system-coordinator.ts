/**
 * The one coordinator of a deployment: a Durable Object.
 *
 * Owns the directory (id → type and owner), the dependency graph, the keys, the configuration, the event log
 * and the system's health roll-up.
 * Knows no component's state beyond that: the registries do.
 */
import type { Actor } from '../core/access/actor.ts';
import type { AuditEntry } from '../core/access/audit-entry.ts';
import type { KeyQuotasChange } from '../core/access/key-quotas.ts';
import type { SessionRef } from '../core/access/ended-session.ts';
import type { EventDraft, LoggedEvent } from '../core/event/coordinator-event.ts';
import type { DocumentScope } from '../core/config/config-documents.ts';
import type { TypeConditions } from '../core/health/root-cause-update.ts';
import type { SystemHealth, TypeHealth } from '../core/health/system-health.ts';
import type { IncidentRaise, TimelineEntry } from '../core/incident/incident-raise.ts';
import type { Silence } from '../core/incident/silence.ts';
import { ok } from '../core/result.ts';
import type {
  Claim,
  CoordinatorApi,
  EventQuery,
  FreshSecret,
  RegisteredClaim,
  KeyDraft,
  KeySyncRequest,
  UnsettledClaim,
} from './contract/coordinator-api.ts';
import { WebhookCalls } from './webhooks/webhook-calls.ts';
import type { ComponentConfigRequest, ConfigPut, ConfigRollback } from './contract/config-api.ts';

/** How long a claim is held for a registration under way. */
const CLAIM_MS = 60_000;
const SETTLE_BATCH = 100;
const TURNS_WITHIN_MS = 1_000;

export class SystemCoordinator extends WebhookCalls implements CoordinatorApi {
  override async alarm(): Promise<void> {
    this.alarms.fired();
    this.dispatch.touchAll();
    // Registries that are slow to answer must not keep the next alarm from going off.
    await Promise.race([this.turns.deliver(), scheduler.wait(TURNS_WITHIN_MS)]);
    this.alarms.arm();
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

  async unsettled(now: number): Promise<UnsettledClaim[]> {
    return this.directory.overdueClaims(now, SETTLE_BATCH);
  }

  async settle(id: string, sequence: number, held: RegisteredClaim | null): Promise<void> {
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
      for (const draft of drafts) this.incidents.published(draft, this.append(draft), Date.now());
      if (health) this.log.saveTypeHealth(health);
    });
  }

  async raiseIncident(raise: IncidentRaise): ReturnType<CoordinatorApi['raiseIncident']> {
    return this.change(() => this.incidents.raise(raise, Date.now()));
  }

  async openIncidents(after: string, limit: number): ReturnType<CoordinatorApi['openIncidents']> {
    return this.incidents.open(after, limit);
  }

  async timelineOwed(limit: number): ReturnType<CoordinatorApi['timelineOwed']> {
    return this.incidents.entriesOwed(limit);
  }

  async timelineSettled(entries: readonly Pick<TimelineEntry, 'incidentId' | 'key'>[]): Promise<void> {
    this.ctx.storage.transactionSync(() => this.incidents.settleEntries(entries));
  }

  async silences(): Promise<Silence[]> {
    return this.incidents.silences(Date.now());
  }

  async addSilence(silence: Silence, actor: Actor): ReturnType<CoordinatorApi['addSilence']> {
    return this.change(() => this.refuseActor(actor.keyId) ?? this.incidents.addSilence(silence, actor));
  }

  async endSilence(id: string, actor: Actor): ReturnType<CoordinatorApi['endSilence']> {
    const now = Date.now();
    return this.change(() => this.refuseActor(actor.keyId) ?? this.incidents.endSilence(id, actor, now));
  }

  async reconcile(conditions: TypeConditions): Promise<void> {
    this.change(() => this.dependencies.reconcile(conditions, Date.now()));
  }

  async events(query: EventQuery): Promise<LoggedEvent[]> {
    return this.log.list(query);
  }

  async readLog(query: EventQuery, holdMs: number): ReturnType<CoordinatorApi['readLog']> {
    return this.readers.log.read(query, holdMs);
  }

  async sequence(known: number | null, holdMs: number): Promise<number> {
    return this.readers.log.sequence(known, holdMs);
  }

  async toldRevision(type: string): Promise<number | null> {
    return this.log.allTypeHealth().find((health) => health.type === type)?.revision ?? null;
  }

  async systemHealth(): Promise<SystemHealth> {
    return this.ctx.storage.transactionSync(() => this.systemView.health(Date.now()));
  }

  async historyAnswered(works: boolean): Promise<void> {
    this.systemView.historyAnswered(works, Date.now());
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
    const rotated = this.ctx.storage.transactionSync(
      () =>
        this.refuseActor(actor.keyId) ??
        this.refuseChange(actor.keyId, fresh.issue?.changer) ??
        this.refuseIssue(fresh.issue ?? null) ??
        this.keyDesk.rotate(id, fresh, actor, Date.now()),
    );
    this.readers.sockets.closeUnadmitted(Date.now());
    return rotated;
  }

  async revokeKey(id: string, options: { cascade: boolean }, actor: Actor): ReturnType<CoordinatorApi['revokeKey']> {
    const revoked = this.ctx.storage.transactionSync(
      () => this.refuseActor(actor.keyId) ?? this.keyDesk.revoke(id, options, actor, Date.now()),
    );
    this.readers.sockets.closeUnadmitted(Date.now());
    return revoked;
  }

  async setQuotas(id: string, change: KeyQuotasChange, actor: Actor): ReturnType<CoordinatorApi['setQuotas']> {
    return this.ctx.storage.transactionSync(
      () => this.refuseActor(actor.keyId) ?? this.keyDesk.setQuotas(id, change, actor, Date.now()),
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
    this.readers.sockets.closeUnadmitted(Date.now());
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
    const put = this.configCalls.put(request);
    this.systemView.followConfig(Date.now());
    return put;
  }

  async rollBackConfig(request: ConfigRollback): ReturnType<CoordinatorApi['rollBackConfig']> {
    const stored = this.configCalls.rollBack(request);
    this.systemView.followConfig(Date.now());
    return stored;
  }

  async configAt(scope: DocumentScope): ReturnType<CoordinatorApi['configAt']> {
    return this.configDesk.current(scope) ?? null;
  }

  async configHistory(
    scope: DocumentScope,
    before: number,
    limit: number,
  ): ReturnType<CoordinatorApi['configHistory']> {
    return this.configDesk.history(scope, before, limit);
  }

  async configRevision(scope: DocumentScope, revision: number): ReturnType<CoordinatorApi['configRevision']> {
    return this.configDesk.revision(scope, revision) ?? null;
  }

  async configSequence(known: number | null, holdMs: number): Promise<number> {
    return this.configCalls.sequence(known, holdMs);
  }

  async componentConfig(request: ComponentConfigRequest): ReturnType<CoordinatorApi['componentConfig']> {
    return this.configCalls.componentConfig(request);
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
    this.sweepWebhooks(now);
    this.directory.trim(now);
    this.conditions.trim();
    this.configDesk.trim(now);
    this.change(() => this.incidents.sweep(now));
    this.readers.sockets.sweep(now);
    const told = Promise.all([this.turns.deliver(), this.configDelivery.deliver()]);
    await Promise.race([told, scheduler.wait(TURNS_WITHIN_MS)]);
  }
}
