/**
 * Alerts to people, grouped by component type and class of failure: one message for one cause, with a count. Owns the
 * groups and the time of their messages; the core decides (`core/incident/alert-group.ts`).
 * Invariant: every write runs within the caller's transaction.
 */
import type { AlarmSource } from '../../alarm/alarm-schedule.ts';
import { alertKindOf } from '../../core/alert/alert.ts';
import type { GroupedAlert } from '../../core/alert/grouped-alert.ts';
import { alertOf } from '../../core/alert/alert-of.ts';
import type { CloudEvent } from '../../core/event/cloud-event.ts';
import type { AlertGroup } from '../../core/incident/alert-group.ts';
import { admits, afterMessage, withNews } from '../../core/incident/alert-group.ts';
import { routeOf } from '../../core/incident/alert-route.ts';
import type { OpenIncident } from '../../core/incident/incident-report.ts';
import { ALERT_QUOTAS } from '../../core/quota/alert-quota.ts';
import type { TokenBucket } from '../../core/quota/token-bucket.ts';
import { consumeTokens, fullBucket } from '../../core/quota/token-bucket.ts';
import { logError } from '../../logging/log-error.ts';
import type { AlertGroupStore } from './alert-group-store.ts';

export interface AlertGroupsDeps {
  readonly store: AlertGroupStore;
  /** Enqueues a message about a group for the channels of people. */
  readonly notify: (alert: GroupedAlert, event: CloudEvent) => void;
  /** Makes the object call `sendDue` at that time (epoch ms) at the latest. */
  readonly schedule: (at: number) => void;
}

/** A group whose message cannot be made harms no other, and is tried again after this time. */
const PAUSE_AFTER_FAILURE_MS = 60_000;
/** Messages sent per pass. The rest follow with the next alarm. */
const BATCH = 100;
/** The members of a group say where its message goes. */
const EVERY_CHANNEL = routeOf({});
/** Name of the bucket that all types share; no component type is empty. */
const DEPLOYMENT = '';

export class AlertGroups implements AlarmSource {
  private readonly deps: AlertGroupsDeps;
  /** Buckets of messages by component type. In memory only: an eviction refills them. */
  private readonly buckets = new Map<string, TokenBucket>();

  constructor(deps: AlertGroupsDeps) {
    this.deps = deps;
  }

  /** Adds an alert about an incident to its group. The incident joins one if it has none. */
  add(incident: OpenIncident, event: CloudEvent, now: number): void {
    const { store } = this.deps;
    const known = store.ofIncident(incident.incidentId);
    const joined = known ?? this.groupFor(incident, now);
    store.saveMember(joined.id, incident);
    this.note(known ?? { ...joined, total: joined.total + 1 }, event, now);
  }

  /** Notes that an incident was acknowledged or resolved. */
  follow(incidentId: string, event: CloudEvent, now: number): void {
    const { store } = this.deps;
    const group = store.ofIncident(incidentId);
    if (!group) return;
    if (alertKindOf(event.type) === 'resolved') store.removeMember(incidentId);
    else store.acknowledge(incidentId);
    this.note(group, event, now);
  }

  /** Sends the messages that are due, as far as the quotas allow. */
  sendDue(now: number): void {
    const { store } = this.deps;
    for (const group of store.due(now, BATCH)) {
      try {
        const retryAfterMs = this.refuse(group.componentType, now);
        if (retryAfterMs === null) this.send(group, now);
        else this.postpone(group, now + retryAfterMs);
      } catch (error) {
        logError('alert of a group not sent', { groupId: group.id, error });
        this.postpone(group, now + PAUSE_AFTER_FAILURE_MS);
      }
    }
  }

  nextAt(): number {
    return this.deps.store.nextDue() ?? Infinity;
  }

  private groupFor(incident: OpenIncident, now: number): AlertGroup {
    const { store } = this.deps;
    const { componentType, failureType, incidentId, componentId } = incident;
    const newest = store.newest(componentType, failureType);
    if (newest && admits(newest, store.openMembers(newest.id), now)) return newest;
    const cause = { componentType, failureType, openedAt: now };
    return {
      ...cause,
      id: incidentId,
      subject: componentId,
      total: 0,
      reported: null,
      messages: 0,
      sentAt: 0,
      news: null,
    };
  }

  private note(group: AlertGroup, event: CloudEvent, now: number): void {
    const { store } = this.deps;
    const kind = alertKindOf(event.type);
    const members = store.openMembers(group.id);
    const next = withNews(group, kind, members, now);
    if (members.open === 0 && next.news === null) return store.remove(group.id);
    // A message that still reports open incidents quotes one of them, not the end of another.
    const isQuoted = kind === 'opened' || kind === 'repeated' || next.news?.kind === kind;
    this.save(next, isQuoted ? JSON.stringify(event) : store.eventOf(group.id));
  }

  private send(group: AlertGroup, now: number): void {
    const { store, notify } = this.deps;
    const { id, subject, componentType, failureType, openedAt, total, reported, news } = group;
    if (!news) return;
    const event = JSON.parse(store.eventOf(id)) as CloudEvent;
    const members = store.openMembers(id);
    const severity = members.open > 0 ? members.severity : (reported ?? members.severity);
    const repeats = typeof event.data['repeats'] === 'number' ? event.data['repeats'] : 0;
    const incident = {
      componentId: subject,
      componentType,
      failureType,
      severity,
      openedAt,
      repeats,
      ...EVERY_CHANNEL,
    };
    const alert = { ...alertOf(event, incident), kind: news.kind, incidentId: id, at: now };
    notify({ alert, total, members: store.componentsOf(id) }, event);
    if (news.kind === 'resolved') return store.remove(id);
    const sent = afterMessage(group, severity, now);
    // People acknowledged the incidents before their message was due.
    const isAcknowledged = news.kind === 'opened' && members.acknowledged === members.open;
    this.save(isAcknowledged ? withNews(sent, 'acknowledged', members, now) : sent, JSON.stringify(event));
  }

  private postpone({ id }: AlertGroup, dueAt: number): void {
    this.deps.store.postpone(id, dueAt);
    this.deps.schedule(dueAt);
  }

  private save(group: AlertGroup, event: string): void {
    this.deps.store.save(group, event);
    if (group.news) this.deps.schedule(group.news.dueAt);
  }

  /** Consumes one message of the type's quota and one of the deployment's. Returns null, or the time to wait, ms. */
  private refuse(componentType: string | null, now: number): number | null {
    for (const [name, policy] of [
      [componentType ?? 'unknown', ALERT_QUOTAS.type],
      [DEPLOYMENT, ALERT_QUOTAS.deployment],
    ] as const) {
      const consumption = consumeTokens(this.buckets.get(name) ?? fullBucket(policy, now), policy, now);
      this.buckets.set(name, consumption.next);
      if (!consumption.granted) return consumption.retryAfterMs;
    }
    return null;
  }
}
