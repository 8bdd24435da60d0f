/**
 * Alerts for Prometheus Alertmanager's API v2 (`POST …/api/v2/alerts`): https://prometheus.io/docs/alerting/latest/alerts_api
 *
 * Alertmanager knows an alert by its labels and takes one without `endsAt` for resolved after its `resolve_timeout`
 * (five minutes) unless it is sent again. Ours are sent again more seldom, only for one that has forgotten them, so they
 * carry an `endsAt` far ahead, and the end itself when the incident is resolved. Severity is a label, because people
 * route by it: so the alert of the other severity is ended with it.
 */
import type { JsonObject } from '../json.ts';
import type { Severity } from '../incident/silence.ts';
import type { Alert } from './alert.ts';
import { clipped, isAbsolute } from './alert.ts';

/** Should the end of an incident never arrive, Alertmanager forgets it by itself. */
const FIRES_FOR_MS = 30 * 86_400_000;
const MAX_SUMMARY = 4_096;

export function alertmanagerAlerts(alert: Alert, firesForMs = FIRES_FOR_MS): JsonObject[] {
  const { kind, severity, at } = alert;
  if (kind === 'resolved') return (['critical', 'warning'] as const).map((each) => alertOf(alert, each, at));
  const firing = alertOf(alert, severity, at + firesForMs);
  // What was a warning and is critical now is one alert, not two.
  return severity === 'critical' && kind === 'opened' ? [firing, alertOf(alert, 'warning', at)] : [firing];
}

function alertOf(alert: Alert, severity: Severity, endsAt: number): JsonObject {
  const { incidentId, title, summary, componentId, componentType, failureType, link, openedAt, repeats } = alert;
  return {
    labels: {
      alertname: 'ArbiterIncident',
      severity,
      incident: incidentId,
      component: componentId,
      ...(componentType === null ? {} : { component_type: componentType }),
    },
    annotations: {
      title,
      summary: clipped(summary, MAX_SUMMARY),
      ...(failureType === null ? {} : { failure_type: failureType }),
      repeats: String(repeats),
      link,
    },
    startsAt: new Date(openedAt).toISOString(),
    // Not before it began: Alertmanager refuses that, and with it all that came along.
    endsAt: new Date(Math.max(endsAt, openedAt)).toISOString(),
    ...(isAbsolute(link) ? { generatorURL: link } : {}),
  };
}
