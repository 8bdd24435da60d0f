/**
 * Alerts for Prometheus Alertmanager's API v2 (`POST .../api/v2/alerts`):
 * https://prometheus.io/docs/alerting/latest/alerts_api
 *
 * Alertmanager identifies an alert by its labels. Without `endsAt` and resends, it resolves an alert after
 * `resolve_timeout` (five minutes). The coordinator resends more rarely, only in case Alertmanager lost the alert, so
 * `endsAt` is far in the future until the incident is resolved. Severity is a label, because operators route by it.
 * An escalated or resolved incident therefore also ends the alert of the other severity.
 */
import type { JsonObject } from '../json.ts';
import type { Severity } from '../incident/silence.ts';
import type { Alert } from './alert.ts';
import { truncate, isAbsoluteUrl } from './alert.ts';

/** Alertmanager drops an alert after this time, even if the end of its incident never arrives. */
const MAX_FIRING_MS = 30 * 86_400_000;
const MAX_SUMMARY = 4_096;

export function alertmanagerAlerts(alert: Alert, firesForMs = MAX_FIRING_MS): JsonObject[] {
  const { kind, severity, at } = alert;
  if (kind === 'resolved')
    return (['critical', 'warning'] as const).map((each) => toAlertmanagerAlert(alert, each, at));
  const firing = toAlertmanagerAlert(alert, severity, at + firesForMs);
  // A warning that became critical must show as one alert, not two.
  return severity === 'critical' && kind === 'opened' ? [firing, toAlertmanagerAlert(alert, 'warning', at)] : [firing];
}

function toAlertmanagerAlert(alert: Alert, severity: Severity, endsAt: number): JsonObject {
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
      summary: truncate(summary, MAX_SUMMARY),
      ...(failureType === null ? {} : { failure_type: failureType }),
      repeats: String(repeats),
      link,
    },
    startsAt: new Date(openedAt).toISOString(),
    // Alertmanager rejects the whole request if an alert ends before it starts.
    endsAt: new Date(Math.max(endsAt, openedAt)).toISOString(),
    ...(isAbsoluteUrl(link) ? { generatorURL: link } : {}),
  };
}
