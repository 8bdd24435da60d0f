/**
 * The wiring of the coordinator: creates its stores and modules, and holds what its RPC methods
 * (`system-coordinator.ts`) share. A change is stored in one transaction; deliveries to others start afterwards.
 */
import { env } from 'cloudflare:workers';
import type { AuditEntry } from '../core/access/audit-entry.ts';
import type { ConfigSubscriber } from '../core/config/component-config.ts';
import type { EventDraft, LoggedEvent } from '../core/event/coordinator-event.ts';
import { affectsDependants, dependencyEvents } from '../core/event/dependency-events.ts';
import { conditionReport } from '../core/event/condition-report.ts';
import type { RootCauseReceiver } from '../core/health/root-cause-update.ts';
import type { ActorRefusal, QuotaHolder } from '../core/quota/change-quota.ts';
import type { Failure } from '../core/result.ts';
import { fail } from '../core/result.ts';
import type { KeyIssue } from './contract/coordinator-api.ts';
import { AlarmSchedule } from '../alarm/alarm-schedule.ts';
import { SingleAlarm } from '../alarm/single-alarm.ts';
import { AuditStore } from './audit/audit-store.ts';
import { ChangeRateLimiter } from '../core/quota/change-rate-limiter.ts';
import { RootCauseStore } from './directory/root-cause-store.ts';
import { ComponentDocumentStore } from './config/component-document-store.ts';
import { ConfigCalls } from './config/config-calls.ts';
import { ComponentConfigDelivery } from './config/component-config-delivery.ts';
import { ConfigDocumentRevisions } from './config/config-document-revisions.ts';
import { ConfigStore } from './config/config-store.ts';
import { DeliveryLifecycle } from './webhooks/delivery-lifecycle.ts';
import { DeliveryStore } from './webhooks/delivery-store.ts';
import { Claims } from './directory/claims.ts';
import { RootCauseGraph } from './directory/root-causes.ts';
import { DependencyRechecks } from './directory/dependency-rechecks.ts';
import { DirectoryStore } from './directory/directory-store.ts';
import { EventReaders } from './events/event-readers.ts';
import { EventStore } from './events/event-store.ts';
import { EndedSessionStore } from './keys/ended-session-store.ts';
import { SystemHealthView } from './health/system-health-view.ts';
import { AlertGroups } from './incidents/alert-groups.ts';
import { AlertGroupStore } from './incidents/alert-group-store.ts';
import { Incidents } from './incidents/incidents.ts';
import { IncidentStore } from './incidents/incident-store.ts';
import { Keys } from './keys/keys.ts';
import { KeyCounterStore } from './keys/key-counter-store.ts';
import { KeyStore } from './keys/key-store.ts';
import { SilenceStore } from './incidents/silence-store.ts';
import { SystemIssueStore } from './health/system-issue-store.ts';
import { RootCauseDelivery } from './directory/root-cause-delivery.ts';
import { WebhookIndex } from './webhooks/webhook-index.ts';
import { Webhooks } from './webhooks/webhooks.ts';
import { WebhookCalls } from './webhooks/webhook-calls.ts';
import { WebhookDispatch } from './webhooks/webhook-dispatch.ts';
import { WebhookFanOut } from './webhooks/webhook-fan-out.ts';
import { WebhookStore } from './webhooks/webhook-store.ts';

export class CoordinatorRuntime {
  private readonly storage: DurableObjectStorage;
  readonly directory: DirectoryStore;
  readonly claims: Claims;
  readonly eventStore: EventStore;
  readonly deliveryStore: DeliveryStore;
  readonly keyStore: KeyStore;
  readonly endedSessions: EndedSessionStore;
  readonly auditStore: AuditStore;
  readonly keys: Keys;
  readonly componentConfigs: ComponentDocumentStore;
  readonly configDocuments: ConfigDocumentRevisions;
  readonly configDelivery: ComponentConfigDelivery;
  readonly configCalls: ConfigCalls;
  readonly rootCauseStore: RootCauseStore;
  readonly rootCauses: RootCauseGraph;
  readonly alarms: AlarmSchedule;
  readonly rootCauseDelivery: RootCauseDelivery;
  readonly dependencyRechecks: DependencyRechecks;
  readonly alertGroups: AlertGroups;
  readonly incidents: Incidents;
  readonly webhookStore: WebhookStore;
  readonly webhookIndex: WebhookIndex;
  readonly webhooks: Webhooks;
  readonly deliveries: DeliveryLifecycle;
  readonly dispatch: WebhookDispatch;
  readonly webhookCalls: WebhookCalls;
  private readonly fanOut: WebhookFanOut;
  readonly readers: EventReaders;
  readonly systemView: SystemHealthView;
  readonly changeLimiter = new ChangeRateLimiter();

  constructor(ctx: DurableObjectState, env: Env) {
    this.storage = ctx.storage;
    this.directory = new DirectoryStore(ctx.storage.sql);
    this.eventStore = new EventStore(ctx.storage.sql, () => this.readers.onAppended());
    this.componentConfigs = new ComponentDocumentStore(ctx.storage.sql);
    const typeOf = (id: string): string | undefined => this.directory.entry(id)?.type;
    this.configDocuments = new ConfigDocumentRevisions(new ConfigStore(ctx.storage.sql), this.componentConfigs, typeOf);
    this.configDelivery = new ComponentConfigDelivery(this.componentConfigs, registryReceiver);
    this.configCalls = new ConfigCalls(this.configDocuments, {
      directory: this.directory,
      delivery: this.configDelivery,
      transaction: (make) => this.change(make),
      refuseChange: (keyId, subject) => this.refuseChange(keyId, subject),
      append: (draft) => void this.append(draft),
    });
    this.deliveryStore = new DeliveryStore(ctx.storage.sql);
    const scalars = new KeyCounterStore(ctx.storage.sql);
    this.keyStore = new KeyStore(ctx.storage.sql, scalars);
    this.endedSessions = new EndedSessionStore(ctx.storage.sql, scalars);
    this.auditStore = new AuditStore(ctx.storage.sql);
    this.keys = new Keys(this.keyStore, this.endedSessions, this.auditStore);
    this.readers = new EventReaders({ ctx, log: this.eventStore, keys: this.keyStore, sessions: this.endedSessions });
    this.rootCauseStore = new RootCauseStore(ctx.storage.sql);
    this.rootCauses = new RootCauseGraph(this.directory, this.rootCauseStore, (draft) => this.write(draft));
    this.claims = new Claims({
      ensureType: (type, addedBy, now) => this.configCalls.ensureType(type, addedBy, now),
      directory: this.directory,
      rootCauses: this.rootCauses,
      onEntered: (id, type) => {
        this.componentConfigs.onRegistered(id, type);
        this.configDelivery.schedule();
      },
      onLeft: (id) => this.componentConfigs.onRemoved(id, Date.now()),
      onRemoved: (id) => {
        this.keys.onComponentRemoved(id, Date.now());
        this.configCalls.onComponentRemoved();
      },
    });
    this.alarms = new AlarmSchedule(new SingleAlarm(ctx.storage));
    this.rootCauseDelivery = new RootCauseDelivery(this.rootCauseStore, this.alarms, registryReceiver);
    this.dependencyRechecks = new DependencyRechecks(this.directory, registryReceiver);
    const { eventStore: log, deliveryStore: deliveries, alarms } = this;
    const append = (draft: EventDraft): LoggedEvent | null => this.append(draft);
    const markDirty = (webhookId: string): void => this.dispatch.markDirty(webhookId);
    const webhooks = (this.webhookStore = new WebhookStore(ctx.storage.sql));
    const { ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: secret } = env;
    const index = (this.webhookIndex = new WebhookIndex(webhooks, url && secret ? { url, secret } : null));
    const fanOut = (this.fanOut = new WebhookFanOut({ index, deliveries, log, typeOf, markDirty }));
    const audit = (entry: AuditEntry): void => this.auditStore.enqueue(entry);
    this.webhooks = new Webhooks({ index, webhooks, deliveries, log, append, audit, markDirty });
    this.deliveries = new DeliveryLifecycle({
      index,
      deliveries,
      fanOut,
      disable: (webhook, reason, now) => this.webhooks.disable(webhook, reason, now),
      onDead: (webhook, delivery, now) => this.webhooks.publishDead(webhook, delivery, now),
    });
    this.dispatch = new WebhookDispatch({
      index,
      webhooks,
      deliveries: this.deliveries,
      alarms,
      storage: ctx.storage,
      queue: env.DELIVERIES,
    });
    this.webhookCalls = new WebhookCalls({
      webhooks: this.webhooks,
      index,
      deliveries: this.deliveries,
      deliveryStore: deliveries,
      dispatch: this.dispatch,
      alarms,
      storage: ctx.storage,
      transaction: (make) => this.change(make),
      refuseChange: (keyId, subject) => this.refuseChange(keyId, subject),
    });
    this.alarms.add(this.rootCauseDelivery);
    this.alarms.add(this.dispatch);
    this.alertGroups = new AlertGroups({
      store: new AlertGroupStore(ctx.storage.sql),
      notify: (alert, event) => fanOut.notify(alert, event),
      schedule: (at) => this.alarms.arm(at),
    });
    this.alarms.add(this.alertGroups);
    this.incidents = new Incidents({
      incidents: new IncidentStore(ctx.storage.sql),
      silences: new SilenceStore(ctx.storage.sql),
      alerts: fanOut,
      groups: this.alertGroups,
      append,
      audit,
      publicUrl: env.PUBLIC_URL ?? '',
    });
    this.systemView = new SystemHealthView({
      issueStore: new SystemIssueStore(ctx.storage.sql),
      documents: () => this.configDocuments.documents(),
      typeHealth: () => this.eventStore.allTypeHealth(),
      affected: () => this.rootCauseStore.affected(),
      webhooks: () => index.all(),
      pendingSince: () => {
        const pending = [...this.auditStore.pending(1), ...this.incidents.pendingEntries(1)].map(({ at }) => at);
        return pending.length === 0 ? null : Math.min(...pending);
      },
    });
  }

  /** Runs a change in one transaction, then starts the deliveries to registries that the change made pending. */
  change<T>(make: () => T): T {
    try {
      const made = this.storage.transactionSync(make);
      this.rootCauseDelivery.begin();
      this.configDelivery.begin();
      return made;
    } catch (error) {
      // The transaction was rolled back, so the webhooks cached in memory may be ahead of the table.
      this.webhookStore.invalidate();
      throw error;
    }
  }

  append(draft: EventDraft): LoggedEvent | null {
    const event = this.write(draft);
    // Already in the log: everything that follows from the event was written with it.
    if (!event) return null;
    if (draft.audit) this.auditStore.enqueue({ subject: draft.subject, ...draft.audit, id: draft.key, at: draft.time });
    const dependants = affectsDependants(draft) ? this.directory.dependants(draft.subject) : [];
    for (const follower of dependencyEvents(draft, dependants)) this.write(follower);
    const condition = conditionReport(draft);
    if (condition) this.rootCauses.onConditionReport(condition, draft.time);
    if (draft.type === 'component.failed') this.dependencyRechecks.request(draft.subject, Date.now());
    const { claim } = draft;
    // The caller of a removal may have been killed before it called the directory. The event then removes the claim.
    if (draft.type === 'component.unregistered' && claim !== undefined) this.claims.remove(draft.subject, claim);
    return event;
  }

  /** Appends an event to the log and enqueues it for every webhook that matches. */
  private write(draft: EventDraft): LoggedEvent | null {
    const event = this.eventStore.append(draft);
    if (event) this.fanOut.event(event);
    return event;
  }

  /** Refuses to issue a component's key when the component was removed, or changed owner, since the request began. */
  refuseIssue(issue: KeyIssue | null): Failure<'unknown-component'> | null {
    if (!issue) return null;
    const { componentId, owner } = issue;
    const entry = this.directory.entry(componentId);
    const mayIssue = entry !== undefined && (owner === null || entry.owner === owner);
    return mayIssue ? null : fail('unknown-component', `${componentId} is not registered`);
  }

  /**
   * Refuses a change whose key ended meanwhile or changed too much. Runs before anything expensive, so a change that is
   * refused for another reason counts too. Internal changes have no key; a null `quotaHolder` is not charged.
   */
  refuseChange(
    keyId: string | undefined,
    subject: string | null,
    quotaHolder: QuotaHolder | null = 'operator',
  ): Failure<ActorRefusal> | null {
    if (keyId === undefined) return null;
    const now = Date.now();
    if (!this.keys.isInForce(keyId, now)) return fail('unauthorized', 'the key is no longer valid');
    return quotaHolder && this.changeLimiter.refuse({ keyId, quotaHolder, subject }, now);
  }
}

/** The registry of a type, typed by its contract, so that the coordinator imports no registry. */
const registryReceiver = (type: string): RootCauseReceiver & ConfigSubscriber => {
  const stub: unknown = env.COMPONENT_REGISTRY.getByName(type);
  return stub as RootCauseReceiver & ConfigSubscriber;
};
