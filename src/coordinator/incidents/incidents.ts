/**
 * Escalation in the coordinator: the open incident of each component, its alerts, and silences. State lives in the
 * object and not in D1, so that alerts and silences work while D1 is unavailable. Timeline entries go to an outbox, and
 * are removed once D1 has stored them.
 * Invariant: every write runs within the caller's transaction.
 */
import type { Actor } from '../../core/access/actor.ts';
import type { AuditEntry } from '../../core/access/audit-entry.ts';
import type { Alert } from '../../core/alert/alert.ts';
import { alertOf } from '../../core/alert/alert-of.ts';
import type { CloudEvent } from '../../core/event/cloud-event.ts';
import { toCloudEvent } from '../../core/event/cloud-event.ts';
import type { EventDraft, LoggedEvent } from '../../core/event/coordinator-event.ts';
import { combineTargets, combineUrgency, isMoreUrgent, routeOf } from '../../core/incident/alert-route.ts';
import { nextAlertAt } from '../../core/incident/alert-pace.ts';
import type {
  IncidentReport,
  OpenIncident,
  RaisedIncident,
  TimelineEntry,
} from '../../core/incident/incident-report.ts';
import { incidentIdOf } from '../../core/incident/incident-report.ts';
import type { AlertSubject, Silence } from '../../core/incident/silence.ts';
import { activeSilence } from '../../core/incident/silence.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { AlertGroups } from './alert-groups.ts';
import type { IncidentState, IncidentStore } from './incident-store.ts';
import type { SilenceStore } from './silence-store.ts';

export interface IncidentsDeps {
  readonly incidents: IncidentStore;
  readonly silences: SilenceStore;
  readonly alerts: AlertSink;
  readonly groups: AlertGroups;
  readonly append: (draft: EventDraft) => LoggedEvent | null;
  readonly audit: (entry: AuditEntry) => void;
  /** Base URL of the dashboard; empty if not configured. */
  readonly publicUrl: string;
}

/** Receivers of alerts about single incidents: the configured webhook, and channels that group alerts themselves. */
export interface AlertSink {
  /** True if at least one receiver is configured. */
  readonly hasReceivers: boolean;
  /** Sends the alert to the channels. Sends `document` to the configured webhook, if there is one. */
  alert(alert: Alert, event: CloudEvent, document: AlertDocument | null): void;
  /** True if a receiver loses its alerts on restart. */
  readonly needsRenewal: boolean;
  /** Repeats the alert of an open incident to receivers that lose alerts on restart. */
  renew(incident: OpenIncident, now: number): void;
}

type AlertDocument = NonNullable<IncidentState['muted']>;

const MAX_SILENCES = 200;
/** Incidents renewed in one sweep. */
const RENEW_BATCH = 200;

export class Incidents {
  private readonly deps: IncidentsDeps;
  /** Component id at which the last sweep stopped renewing; empty to start from the first. */
  private renewalCursor = '';

  constructor(deps: IncidentsDeps) {
    this.deps = deps;
  }

  /** Opens an incident, or adds a repeat to the component's open incident. */
  raise(raise: IncidentReport, now: number): RaisedIncident {
    const { incidents } = this.deps;
    const before = incidents.findRaise(raise);
    if (before) return before;
    const open = incidents.openOf(raise.componentId);
    const isKnownRecovery = open !== undefined && incidents.hasRaised(raise.recoveryId, open.incidentId);
    const next = open ? withRaise(open, raise, isKnownRecovery) : incidentOf(raise);
    const isWorse = !open || isMoreUrgent(open, next);
    const kind = isWorse ? ('opened' as const) : ('repeated' as const);
    const key = isWorse ? openingKey(open, next) : `repeated:${raise.recoveryId}`;
    incidents.saveRaise(raise, next);
    const { incidentId, repeats, priority } = next;
    const raised = { incidentId, openedAt: next.openedAt, repeats, priority };
    if (isKnownRecovery && !isWorse) {
      // The recovery has already alerted about all of this.
      incidents.save(next);
      return raised;
    }
    const { recoveryId, title, summary, at } = raise;
    incidents.enqueueEntry({ incidentId, key, at, kind, by: null, detail: summary, recoveryId });
    const { componentType, failureType } = next;
    const details = {
      incidentId,
      severity: next.severity,
      priority,
      title,
      summary,
      recoveryId,
      componentType,
      failureType,
      repeats,
    };
    const draft = {
      key: `${incidentId}:${key}`,
      type: `incident.${kind}`,
      subject: raise.componentId,
      time: at,
    } as const;
    const event = this.deps.append({ ...draft, data: { ...details, ...this.linkTo(incidentId) } });
    const isDue = isWorse || now >= nextAlertAt(next.alerts, next.alertedAt);
    incidents.save(event && isDue ? this.alert(next, event, now) : next);
    return raised;
  }

  /** Applies an incident event that another module published. `event` is null if the log already had it. */
  onPublished(draft: EventDraft, event: LoggedEvent | null, now: number): void {
    const { incidentId } = draft.data;
    if (typeof incidentId !== 'string') return;
    const { incidents, silences } = this.deps;
    const state = incidents.openOf(draft.subject);
    if (draft.type === 'incident.resolved') incidents.close(incidentId);
    if (!event) return;
    const cloudEvent = toCloudEvent(event);
    // A receiver that was alerted gets the follow-up even during a silence. Otherwise the alert would stay open there.
    const isFollowUp = draft.type === 'incident.resolved' || draft.type === 'incident.acknowledged';
    if (isFollowUp && state?.incidentId === incidentId && state.alerts > 0) {
      this.deps.alerts.alert(alertOf(cloudEvent, state), cloudEvent, null);
      this.deps.groups.follow(incidentId, cloudEvent, now);
    }
    if (draft.type !== 'incident.opened') return;
    const subject = subjectOf(draft);
    if (activeSilence(silences.active(now), subject, now)) return;
    const document = { deliveryId: `alert-${draft.key}`, payload: JSON.stringify(cloudEvent) };
    this.notify(
      { ...subject, incidentId, openedAt: draft.time, repeats: 0, ...routeOf({}) },
      cloudEvent,
      document,
      now,
    );
  }

  open(after: string, limit: number): OpenIncident[] {
    return this.deps.incidents.list(after, limit);
  }

  pendingEntries(limit: number): TimelineEntry[] {
    return this.deps.incidents.pendingEntries(limit);
  }

  settleEntries(entries: readonly Pick<TimelineEntry, 'incidentId' | 'key'>[]): void {
    this.deps.incidents.settleEntries(entries);
  }

  silences(now: number): Silence[] {
    return this.deps.silences.active(now);
  }

  addSilence(silence: Silence, actor: Actor): Result<Silence, 'silence-limit'> {
    const { silences, audit } = this.deps;
    if (silences.active(silence.createdAt).length >= MAX_SILENCES)
      return fail('silence-limit', `the limit of ${MAX_SILENCES} active silences is reached`);
    silences.add(silence);
    const { id, createdAt: at } = silence;
    audit({
      id: `${id}.begin`,
      at,
      actor,
      action: 'silence.begin',
      subject: id,
      before: null,
      after: silenceAuditView(silence),
    });
    return ok(silence);
  }

  /** Ends a silence now. A silence that has already ended stays unchanged. */
  endSilence(id: string, actor: Actor, now: number): Result<Silence, 'not-found'> {
    const { silences, audit } = this.deps;
    const silence = silences.find(id);
    if (!silence) return fail('not-found', `silence ${id} does not exist`);
    if (silence.until <= now) return ok(silence);
    silences.end(id, now);
    const ended = { ...silence, until: now };
    const [before, after] = [silenceAuditView(silence), silenceAuditView(ended)];
    audit({ id: `${id}.end`, at: now, actor, action: 'silence.end', subject: id, before, after });
    return ok(ended);
  }

  /** Sends alerts that no silence holds back any longer, and renews alerts of open incidents. */
  sweep(now: number): void {
    const { incidents, silences } = this.deps;
    const active = silences.active(now);
    for (const state of incidents.muted()) {
      if (state.muted && !activeSilence(active, state, now)) incidents.save(this.send(state, state.muted, now));
    }
    this.deps.groups.sendDue(now);
    this.renew(active, now);
    incidents.trim(now);
    silences.trim(now);
  }

  private renew(active: readonly Silence[], now: number): void {
    const { incidents, alerts } = this.deps;
    if (!alerts.needsRenewal) return;
    const page = incidents.list(this.renewalCursor, RENEW_BATCH);
    for (const state of page) if (state.alerts > 0 && !activeSilence(active, state, now)) alerts.renew(state, now);
    this.renewalCursor = page.length < RENEW_BATCH ? '' : (page.at(-1)?.componentId ?? '');
  }

  private alert(state: IncidentState, event: LoggedEvent, now: number): IncidentState {
    if (!this.deps.alerts.hasReceivers) return state;
    const document = { deliveryId: `alert-${event.key}`, payload: JSON.stringify(toCloudEvent(event)) };
    const silence = activeSilence(this.deps.silences.active(now), state, now);
    if (!silence) return this.send(state, document, now);
    const detail = `no alert before ${new Date(silence.until).toISOString()}: ${silence.comment}`;
    this.addToTimeline(state, { key: `silenced:${silence.id}:${state.repeats}`, kind: 'silenced', detail }, now);
    return { ...state, muted: document };
  }

  private send(state: IncidentState, document: AlertDocument, now: number): IncidentState {
    this.notify(state, JSON.parse(document.payload) as CloudEvent, document, now);
    const alerts = state.alerts + 1;
    this.addToTimeline(
      state,
      { key: `alerted:${alerts}`, kind: 'alerted', detail: `alert ${document.deliveryId}` },
      now,
    );
    return { ...state, alerts, alertedAt: now, muted: null };
  }

  private notify(incident: OpenIncident, event: CloudEvent, document: AlertDocument, now: number): void {
    this.deps.alerts.alert(alertOf(event, incident), event, document);
    this.deps.groups.add(incident, event, now);
  }

  private addToTimeline(
    { incidentId }: IncidentState,
    entry: Pick<TimelineEntry, 'key' | 'kind' | 'detail'>,
    at: number,
  ): void {
    this.deps.incidents.enqueueEntry({ ...entry, incidentId, at, by: null, recoveryId: null });
  }

  /** Link to the dashboard if `publicUrl` is set, otherwise the path in the API. */
  private linkTo(incidentId: string): JsonObject {
    const path = `/v1/incidents/${incidentId}`;
    const base = this.deps.publicUrl.replace(/\/+$/, '');
    return { path, link: base === '' ? path : `${base}/#incident-${incidentId}` };
  }
}

function withRaise(open: IncidentState, raise: IncidentReport, isKnownRecovery: boolean): IncidentState {
  const { failureType, componentType, severity } = raise;
  const { priority, targets } = routeOf(raise);
  return {
    ...open,
    ...combineUrgency(open, { severity, priority }),
    targets: combineTargets(open.targets, targets),
    failureType,
    componentType,
    repeats: isKnownRecovery ? open.repeats : open.repeats + 1,
  };
}

/** Unique per incident, because urgency and targets only increase. */
function openingKey(open: IncidentState | undefined, { severity, priority, targets }: IncidentState): string {
  const key = `opened:${severity}`;
  return open?.severity === severity ? `${key}:${priority ?? 'none'}:${targets?.length ?? 'all'}` : key;
}

function incidentOf(raise: IncidentReport): IncidentState {
  const { componentId, componentType, failureType, severity, recoveryId, at } = raise;
  const subject = { componentId, componentType, failureType, severity };
  return {
    ...subject,
    ...routeOf(raise),
    incidentId: incidentIdOf(recoveryId),
    openedAt: at,
    repeats: 0,
    alerts: 0,
    alertedAt: 0,
    muted: null,
  };
}

const silenceAuditView = ({ matchers, until, comment }: Silence): JsonObject => ({
  matchers: JSON.parse(JSON.stringify(matchers)) as JsonObject,
  until: new Date(until).toISOString(),
  comment,
});

const stringOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const subjectOf = ({ subject, data }: EventDraft): AlertSubject => ({
  componentId: subject,
  componentType: stringOrNull(data['componentType']),
  failureType: stringOrNull(data['failureType']),
  severity: data['severity'] === 'warning' ? 'warning' : 'critical',
});
