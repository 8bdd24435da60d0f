/**
 * The coordinator's side of escalation: which incident is open about a component, whether its alert goes out now,
 * and silences. Kept here and not in D1, so that alerts go out, and stay muted, while D1 is away.
 *
 * Within a transaction of its caller. What the timeline in D1 is to say of it is owed, and settled once it is there.
 */
import type { Actor } from '../../core/access/actor.ts';
import type { AuditEntry } from '../../core/access/audit-entry.ts';
import type { Alert } from '../../core/alert/alert.ts';
import { alertOf } from '../../core/alert/alert-of.ts';
import type { CloudEvent } from '../../core/event/cloud-event.ts';
import { toCloudEvent } from '../../core/event/cloud-event.ts';
import type { EventDraft, LoggedEvent } from '../../core/event/coordinator-event.ts';
import { nextAlertAt } from '../../core/incident/alert-pace.ts';
import type { IncidentRaise, OpenIncident, RaisedIncident, TimelineEntry } from '../../core/incident/incident-raise.ts';
import { incidentIdOf } from '../../core/incident/incident-raise.ts';
import type { AlertSubject, Silence } from '../../core/incident/silence.ts';
import { silenceOver } from '../../core/incident/silence.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { IncidentState, IncidentStore } from './incident-store.ts';
import type { SilenceStore } from './silence-store.ts';

export interface IncidentsDeps {
  readonly incidents: IncidentStore;
  readonly silences: SilenceStore;
  readonly alerts: AlertSink;
  readonly append: (draft: EventDraft) => LoggedEvent | null;
  readonly audit: (entry: AuditEntry) => void;
  /** Address at which people find this deployment; empty when nobody said. */
  readonly publicUrl: string;
}

/** Where alerts go. */
export interface AlertSink {
  /** Whether there is anybody to alert. */
  readonly alertsAnybody: boolean;
  /** To every channel, and as `document` to the webhook of the configuration, when there is one. */
  alert(alert: Alert, event: CloudEvent, document: AlertDocument | null): void;
  /** Whether anybody who is alerted may forget it. */
  readonly mayForget: boolean;
  /** Says again that an incident is open, to those that forget it. */
  renew(incident: OpenIncident, now: number): void;
}

type AlertDocument = NonNullable<IncidentState['muted']>;

const MAX_SILENCES = 200;
/** Incidents of which is said again at one sweep that they are open. */
const RENEW_BATCH = 200;

export class Incidents {
  private readonly parts: IncidentsDeps;
  /** The component up to whose incident the last sweep came. */
  private renewedUpTo = '';

  constructor(parts: IncidentsDeps) {
    this.parts = parts;
  }

  /** Opens an incident, or adds to the one that is open about the component. */
  raise(raise: IncidentRaise, now: number): RaisedIncident {
    const { incidents } = this.parts;
    const before = incidents.raised(raise);
    if (before) return before;
    const open = incidents.openOf(raise.componentId);
    const next = open ? this.added(open, raise) : opened(raise);
    const isWorse = !open || open.severity !== next.severity;
    const kind = isWorse ? ('opened' as const) : ('repeated' as const);
    const key = isWorse ? `opened:${next.severity}` : `repeated:${raise.recoveryId}`;
    incidents.noteRaise(raise, next);
    const { incidentId, repeats } = next;
    const { recoveryId, title, summary, at } = raise;
    incidents.oweEntry({ incidentId, key, at, kind, by: null, detail: summary, recoveryId });
    const { componentType, failureType } = next;
    const about = {
      incidentId,
      severity: next.severity,
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
    const event = this.parts.append({ ...draft, data: { ...about, ...this.linkTo(incidentId) } });
    const isDue = isWorse || now >= nextAlertAt(next.alerts, next.alertedAt);
    incidents.save(event && isDue ? this.alert(next, event, now) : next);
    return { incidentId, openedAt: next.openedAt, repeats };
  }

  /** Takes note of an event about an incident that somebody else published; `event` is null when it was there before. */
  published(draft: EventDraft, event: LoggedEvent | null, now: number): void {
    const { incidentId } = draft.data;
    if (typeof incidentId !== 'string') return;
    const { incidents, alerts, silences } = this.parts;
    const state = incidents.openOf(draft.subject);
    if (draft.type === 'incident.resolved') incidents.close(incidentId);
    if (!event) return;
    const told = toCloudEvent(event);
    // Who was alerted is told how it went on, also while that is muted: or it would stay open with them.
    const isFollowUp = draft.type === 'incident.resolved' || draft.type === 'incident.acknowledged';
    if (isFollowUp && state?.incidentId === incidentId && state.alerts > 0)
      alerts.alert(alertOf(told, state), told, null);
    if (draft.type !== 'incident.opened') return;
    const subject = subjectOf(draft);
    if (silenceOver(silences.active(now), subject, now)) return;
    const document = { deliveryId: `alert-${draft.key}`, payload: JSON.stringify(told) };
    alerts.alert(alertOf(told, { ...subject, openedAt: draft.time, repeats: 0 }), told, document);
  }

  open(after: string, limit: number): OpenIncident[] {
    return this.parts.incidents.list(after, limit);
  }

  entriesOwed(limit: number): TimelineEntry[] {
    return this.parts.incidents.entriesOwed(limit);
  }

  settleEntries(entries: readonly Pick<TimelineEntry, 'incidentId' | 'key'>[]): void {
    this.parts.incidents.settleEntries(entries);
  }

  silences(now: number): Silence[] {
    return this.parts.silences.active(now);
  }

  addSilence(silence: Silence, actor: Actor): Result<Silence, 'silence-limit'> {
    const { silences, audit } = this.parts;
    if (silences.active(silence.createdAt).length >= MAX_SILENCES)
      return fail('silence-limit', `there are ${MAX_SILENCES} silences in force`);
    silences.add(silence);
    const { id, createdAt: at } = silence;
    audit({ id: `${id}.begin`, at, actor, action: 'silence.begin', subject: id, before: null, after: toldOf(silence) });
    return ok(silence);
  }

  /** Ends it; ended before, it stays as it is. */
  endSilence(id: string, actor: Actor, now: number): Result<Silence, 'not-found'> {
    const { silences, audit } = this.parts;
    const silence = silences.find(id);
    if (!silence) return fail('not-found', `there is no silence ${id}`);
    if (silence.until <= now) return ok(silence);
    silences.end(id, now);
    const ended = { ...silence, until: now };
    const [before, after] = [toldOf(silence), toldOf(ended)];
    audit({ id: `${id}.end`, at: now, actor, action: 'silence.end', subject: id, before, after });
    return ok(ended);
  }

  /** Sends what silences kept back and nothing mutes any more, and says again what is open. */
  sweep(now: number): void {
    const { incidents, silences } = this.parts;
    const active = silences.active(now);
    for (const state of incidents.muted()) {
      if (state.muted && !silenceOver(active, state, now)) incidents.save(this.send(state, state.muted, now));
    }
    this.renew(active, now);
    incidents.trim(now);
    silences.trim(now);
  }

  private renew(active: readonly Silence[], now: number): void {
    const { incidents, alerts } = this.parts;
    if (!alerts.mayForget) return;
    const page = incidents.list(this.renewedUpTo, RENEW_BATCH);
    for (const state of page) if (state.alerts > 0 && !silenceOver(active, state, now)) alerts.renew(state, now);
    this.renewedUpTo = page.length < RENEW_BATCH ? '' : (page.at(-1)?.componentId ?? '');
  }

  private added(open: IncidentState, raise: IncidentRaise): IncidentState {
    const again = this.parts.incidents.hasRaised(raise.recoveryId, open.incidentId);
    const severity = open.severity === 'critical' ? open.severity : raise.severity;
    const { failureType, componentType } = raise;
    return { ...open, severity, failureType, componentType, repeats: again ? open.repeats : open.repeats + 1 };
  }

  private alert(state: IncidentState, event: LoggedEvent, now: number): IncidentState {
    if (!this.parts.alerts.alertsAnybody) return state;
    const document = { deliveryId: `alert-${event.key}`, payload: JSON.stringify(toCloudEvent(event)) };
    const silence = silenceOver(this.parts.silences.active(now), state, now);
    if (!silence) return this.send(state, document, now);
    const detail = `no alert before ${new Date(silence.until).toISOString()}: ${silence.comment}`;
    this.note(state, { key: `silenced:${silence.id}:${state.repeats}`, kind: 'silenced', detail }, now);
    return { ...state, muted: document };
  }

  private send(state: IncidentState, document: AlertDocument, now: number): IncidentState {
    const event = JSON.parse(document.payload) as CloudEvent;
    this.parts.alerts.alert(alertOf(event, state), event, document);
    const alerts = state.alerts + 1;
    this.note(state, { key: `alerted:${alerts}`, kind: 'alerted', detail: `alert ${document.deliveryId}` }, now);
    return { ...state, alerts, alertedAt: now, muted: null };
  }

  private note({ incidentId }: IncidentState, what: Pick<TimelineEntry, 'key' | 'kind' | 'detail'>, at: number): void {
    this.parts.incidents.oweEntry({ ...what, incidentId, at, by: null, recoveryId: null });
  }

  /** Where it is to be seen: an address on the page where the deployment says under which, and its path in the API. */
  private linkTo(incidentId: string): JsonObject {
    const path = `/v1/incidents/${incidentId}`;
    const base = this.parts.publicUrl.replace(/\/+$/, '');
    return { path, link: base === '' ? path : `${base}/#incident-${incidentId}` };
  }
}

function opened({ componentId, componentType, failureType, severity, recoveryId, at }: IncidentRaise): IncidentState {
  const subject = { componentId, componentType, failureType, severity };
  return {
    ...subject,
    incidentId: incidentIdOf(recoveryId),
    openedAt: at,
    repeats: 0,
    alerts: 0,
    alertedAt: 0,
    muted: null,
  };
}

const toldOf = ({ matchers, until, comment }: Silence): JsonObject => ({
  matchers: JSON.parse(JSON.stringify(matchers)) as JsonObject,
  until: new Date(until).toISOString(),
  comment,
});

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const subjectOf = ({ subject, data }: EventDraft): AlertSubject => ({
  componentId: subject,
  componentType: textOf(data['componentType']),
  failureType: textOf(data['failureType']),
  severity: data['severity'] === 'warning' ? 'warning' : 'critical',
});
