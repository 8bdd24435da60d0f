/** Builds an alert from an incident event. Fields that the event does not carry come from the current incident. */
import type { CloudEvent } from '../event/cloud-event.ts';
import type { AlertRoute } from '../incident/alert-route.ts';
import type { AlertSubject } from '../incident/silence.ts';
import type { Alert } from './alert.ts';
import { alertKindOf } from './alert.ts';

interface IncidentState extends AlertSubject, AlertRoute {
  readonly openedAt: number;
  readonly repeats: number;
}

const TITLES: Readonly<Record<Alert['kind'], string>> = {
  opened: 'manual action needed',
  repeated: 'manual action still needed',
  acknowledged: 'incident acknowledged',
  resolved: 'incident resolved',
};

export function alertOf({ type, subject, time, data }: CloudEvent, incident: IncidentState): Alert {
  const kind = alertKindOf(type);
  const text = (name: string): string => (typeof data[name] === 'string' ? data[name] : '');
  const incidentId = text('incidentId');
  const { severity, componentType, failureType, openedAt, repeats, priority, targets } = incident;
  return {
    kind,
    incidentId,
    severity,
    title: text('title') || `${subject}: ${TITLES[kind]}`,
    summary: text('summary'),
    componentId: subject,
    componentType,
    failureType,
    repeats,
    priority,
    targets,
    link: text('link') || `/v1/incidents/${incidentId}`,
    openedAt,
    at: Date.parse(time),
  };
}
