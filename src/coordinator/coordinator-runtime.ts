/**
 * The inside of the coordinator: its stores and desks, and what its calls (`system-coordinator.ts`) have in
 * common: a change is stored whole, what is owed to others goes out behind it.
 */
import { DurableObject, env } from 'cloudflare:workers';
import type { AuditEntry } from '../core/access/audit-entry.ts';
import type { ConfigFollower } from '../core/config/component-config.ts';
import type { EventDraft, LoggedEvent } from '../core/event/coordinator-event.ts';
import { concernsDependants, dependencyEvents } from '../core/event/dependency-events.ts';
import { conditionReport } from '../core/event/condition-report.ts';
import type { RootCauseReceiver } from '../core/health/root-cause-update.ts';
import type { Changer } from '../core/quota/change-quota.ts';
import type { Failure } from '../core/result.ts';
import { fail } from '../core/result.ts';
import type { Claim, ClaimRefusal, KeyIssue } from './contract/coordinator-api.ts';
import { AlarmSchedule } from '../alarm/alarm-schedule.ts';
import { SingleAlarm } from '../alarm/single-alarm.ts';
import { AuditStore } from './audit/audit-store.ts';
import { ChangeRateLimiter } from './keys/change-rate-limiter.ts';
import { RootCauseStore } from './directory/root-cause-store.ts';
import { ComponentConfigStore } from './config/component-config-store.ts';
import { ConfigCalls } from './config/config-calls.ts';
import { ConfigDelivery } from './config/config-delivery.ts';
import { ConfigDocumentRevisions } from './config/config-documents.ts';
import { ConfigStore } from './config/config-store.ts';
import { Deliveries } from './webhooks/deliveries.ts';
import { DeliveryStore } from './webhooks/delivery-store.ts';
import { RootCauses } from './directory/root-causes.ts';
import { DependencyRechecks } from './directory/dependency-rechecks.ts';
import type { ClaimRow } from './directory/directory-store.ts';
import { DirectoryStore } from './directory/directory-store.ts';
import { EventReaders } from './events/event-readers.ts';
import { EventStore } from './events/event-store.ts';
import { EndedSessionStore } from './keys/ended-session-store.ts';
import { SystemHealthView } from './health/system-health.ts';
import { Incidents } from './incidents/incidents.ts';
import { IncidentStore } from './incidents/incident-store.ts';
import { Keys } from './keys/keys.ts';
import { KeyScalarStore } from './keys/key-scalar-store.ts';
import { KeyStore } from './keys/key-store.ts';
import { SilenceStore } from './incidents/silence-store.ts';
import { SystemIssueStore } from './health/system-issue-store.ts';
import { RootCauseDelivery } from './directory/root-cause-delivery.ts';
import { WebhookIndex } from './webhooks/webhook-index.ts';
import { Webhooks } from './webhooks/webhooks.ts';
import { WebhookDispatch } from './webhooks/webhook-dispatch.ts';
import { WebhookFanOut } from './webhooks/webhook-fan-out.ts';
import { WebhookStore } from './webhooks/webhook-store.ts';

export abstract class CoordinatorRuntime extends DurableObject<Env> {
  protected readonly directory: DirectoryStore;
  protected readonly log: EventStore;
  protected readonly deliveries: DeliveryStore;
  protected readonly keyStore: KeyStore;
  protected readonly endedSessions: EndedSessionStore;
  protected readonly auditStore: AuditStore;
  protected readonly keyDesk: Keys;
  protected readonly componentConfigs: ComponentConfigStore;
  protected readonly configDesk: ConfigDocumentRevisions;
  protected readonly configDelivery: ConfigDelivery;
  protected readonly configCalls: ConfigCalls;
  protected readonly conditions: RootCauseStore;
  protected readonly dependencies: RootCauses;
  protected readonly alarms: AlarmSchedule;
  protected readonly turns: RootCauseDelivery;
  protected readonly doubts: DependencyRechecks;
  protected readonly incidents: Incidents;
  protected readonly webhookStore: WebhookStore;
  protected readonly webhookBook: WebhookIndex;
  protected readonly webhookDesk: Webhooks;
  protected readonly deliveryDesk: Deliveries;
  protected readonly dispatch: WebhookDispatch;
  private readonly fanOut: WebhookFanOut;
  protected readonly readers: EventReaders;
  protected readonly systemView: SystemHealthView;
  protected readonly changes = new ChangeRateLimiter();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.directory = new DirectoryStore(ctx.storage.sql);
    this.log = new EventStore(ctx.storage.sql, () => this.readers.moved());
    this.componentConfigs = new ComponentConfigStore(ctx.storage.sql);
    const typeOf = (id: string): string | undefined => this.directory.entry(id)?.type;
    this.configDesk = new ConfigDocumentRevisions(new ConfigStore(ctx.storage.sql), this.componentConfigs, typeOf);
    this.configDelivery = new ConfigDelivery(this.componentConfigs, followerOf);
    this.configCalls = new ConfigCalls(this.configDesk, {
      directory: this.directory,
      delivery: this.configDelivery,
      transaction: (make) => this.change(make),
      refuseActor: (keyId) => this.refuseActor(keyId),
      append: (draft) => void this.append(draft),
    });
    this.deliveries = new DeliveryStore(ctx.storage.sql);
    const scalars = new KeyScalarStore(ctx.storage.sql);
    this.keyStore = new KeyStore(ctx.storage.sql, scalars);
    this.endedSessions = new EndedSessionStore(ctx.storage.sql, scalars);
    this.auditStore = new AuditStore(ctx.storage.sql);
    this.keyDesk = new Keys(this.keyStore, this.endedSessions, this.auditStore);
    this.readers = new EventReaders({ ctx, log: this.log, keys: this.keyStore, sessions: this.endedSessions });
    this.conditions = new RootCauseStore(ctx.storage.sql);
    this.dependencies = new RootCauses(this.directory, this.conditions, (draft) => this.write(draft));
    this.alarms = new AlarmSchedule(new SingleAlarm(ctx.storage));
    this.turns = new RootCauseDelivery(this.conditions, this.alarms, followerOf);
    this.doubts = new DependencyRechecks(this.directory, followerOf);
    const { log, deliveries, alarms } = this;
    const append = (draft: EventDraft): LoggedEvent | null => this.append(draft);
    const touch = (webhookId: string): void => this.dispatch.touch(webhookId);
    const webhooks = (this.webhookStore = new WebhookStore(ctx.storage.sql));
    const { ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: secret } = env;
    const book = (this.webhookBook = new WebhookIndex(webhooks, url && secret ? { url, secret } : null));
    const fanOut = (this.fanOut = new WebhookFanOut({ book, deliveries, log, typeOf, touch }));
    const audit = (entry: AuditEntry): void => this.auditStore.owe(entry);
    this.webhookDesk = new Webhooks({ book, webhooks, deliveries, log, append, audit, touch });
    this.deliveryDesk = new Deliveries({
      book,
      deliveries,
      fanOut,
      disable: (webhook, reason, now) => this.webhookDesk.disable(webhook, reason, now),
      tellDead: (webhook, delivery, now) => this.webhookDesk.tellDead(webhook, delivery, now),
    });
    const desk = this.deliveryDesk;
    this.dispatch = new WebhookDispatch({ book, webhooks, desk, alarms, storage: ctx.storage, queue: env.DELIVERIES });
    this.alarms.add(this.turns);
    this.alarms.add(this.dispatch);
    this.incidents = new Incidents({
      incidents: new IncidentStore(ctx.storage.sql),
      silences: new SilenceStore(ctx.storage.sql),
      alerts: fanOut,
      append,
      audit,
      publicUrl: env.PUBLIC_URL ?? '',
    });
    this.systemView = new SystemHealthView({
      troubles: new SystemIssueStore(ctx.storage.sql),
      documents: () => this.configDesk.documents(),
      pushed: () => this.log.allTypeHealth(),
      affected: () => this.conditions.affected(),
      webhooks: () => book.all(),
      owedSince: () => {
        const owed = [...this.auditStore.owed(1), ...this.incidents.entriesOwed(1)].map(({ at }) => at);
        return owed.length === 0 ? null : Math.min(...owed);
      },
    });
  }

  override fetch(request: Request): Response {
    return this.readers.answer(request);
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    this.readers.sockets.take(socket, message, Date.now());
  }

  /** Makes a change whole or not at all; what registries are to be told of it goes out behind it. */
  protected change<T>(make: () => T): T {
    try {
      const made = this.ctx.storage.transactionSync(make);
      this.turns.begin();
      this.configDelivery.begin();
      return made;
    } catch (error) {
      // What was written is taken back: the copy in memory may not remember it.
      this.webhookStore.forget();
      throw error;
    }
  }

  protected append(draft: EventDraft): LoggedEvent | null {
    const event = this.write(draft);
    // Published before: all that follows from it is written too.
    if (!event) return null;
    if (draft.audit) this.auditStore.owe({ subject: draft.subject, ...draft.audit, id: draft.key, at: draft.time });
    const dependants = concernsDependants(draft) ? this.directory.dependants(draft.subject) : [];
    for (const follower of dependencyEvents(draft, dependants)) this.write(follower);
    const condition = conditionReport(draft);
    if (condition) this.dependencies.heard(condition, draft.time);
    if (draft.type === 'component.failed') this.doubts.raise(draft.subject, Date.now());
    const { claim } = draft;
    // A removal that nobody lived to report to us reaches us as its event.
    if (draft.type === 'component.unregistered' && claim !== undefined) this.forget(draft.subject, claim);
    return event;
  }

  /** Logs an event and owes it to the webhooks that want it. */
  private write(draft: EventDraft): LoggedEvent | null {
    const event = this.log.append(draft);
    if (event) this.fanOut.event(event);
    return event;
  }

  protected enter(claim: ClaimRow): void {
    const before = this.directory.entry(claim.id);
    this.directory.enter(claim);
    this.dependencies.entered(claim.id, before, Date.now());
    if (before) return;
    this.componentConfigs.entered(claim.id, claim.type);
    this.configDelivery.stir();
  }

  protected leave(id: string, sequence: number): void {
    this.directory.leave(id, sequence);
    this.dependencies.left(id, Date.now());
    if (!this.directory.entry(id)) this.componentConfigs.left(id, Date.now());
  }

  /** The component is gone under that number; whoever still registers it under an older one must claim anew. */
  protected forget(id: string, sequence: number): void {
    this.leave(id, sequence);
    this.directory.noteRemoval(id, sequence, Date.now());
    if (this.directory.entry(id)) return;
    this.keyDesk.componentGone(id, Date.now());
    this.configCalls.componentGone();
  }

  /** A component's key goes only to who may have it now: whoever asked may have been overtaken by a removal. */
  protected refuseIssue(issue: KeyIssue | null): Failure<'unknown-component'> | null {
    if (!issue) return null;
    const { componentId, owner } = issue;
    const entry = this.directory.entry(componentId);
    const isTheirs = entry !== undefined && (owner === null || entry.owner === owner);
    return isTheirs ? null : fail('unknown-component', `${componentId} is not registered`);
  }

  protected refuseActor(keyId: string | undefined): Failure<'unauthorized'> | null {
    const inForce = keyId === undefined || this.keyDesk.isInForce(keyId, Date.now());
    return inForce ? null : fail('unauthorized', 'the key is not valid any more');
  }

  /** Asked before anything that costs: a change that is refused for another reason is charged as well. */
  protected refuseChange(keyId?: string, changer?: Changer | null): Failure<'too-many-changes'> | null {
    return changer && keyId !== undefined ? this.changes.refuse(keyId, changer, Date.now()) : null;
  }

  protected refuse({ id, type, dependencies, owner }: Claim): Failure<ClaimRefusal> | null {
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
  protected closesCycle(id: string, added: readonly string[]): boolean {
    if (added.includes(id)) return true;
    // The search may walk the whole graph: not for a component on which nobody depends, and most are such.
    return added.length > 0 && this.directory.hasDependants(id) && this.directory.reaches(added, id);
  }
}

/** Of a type: by its contract, the coordinator imports no registry. */
const followerOf = (type: string): RootCauseReceiver & ConfigFollower => {
  const stub: unknown = env.COMPONENT_REGISTRY.getByName(type);
  return stub as RootCauseReceiver & ConfigFollower;
};
