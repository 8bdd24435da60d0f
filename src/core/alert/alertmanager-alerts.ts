/**
 * Alerts for Prometheus Alertmanager's API v2 (`POST .../api/v2/alerts`):
 * https://prometheus.io/docs/alerting/latest/alerts_api
 *
 * Alertmanager identifies an alert by its labels. Without `endsAt` and resends, it resolves an alert after
 * `resolve_timeout` (five minutes). The coordinator resends more rarely, only in case Alertmanager lost the alert, so
 * `endsAt` is far in the future until the incident is resolved. Severity and priority are labels, because operators
 * route by them. A more urgent or resolved incident therefore also ends the alerts with its earlier labels.
 */
import type { JsonObject } from '../json.ts';
import type { Urgency } from '../incident/alert-route.ts';
import { ALERT_PRIORITIES } from '../incident/alert-route.ts';
import type { Alert } from './alert.ts';
import { truncate, isAbsoluteUrl } from './alert.ts';

/** Alertmanager drops an alert after this time, even if the end of its incident never arrives. */
const MAX_FIRING_MS = 30 * 86_400_000;
const MAX_SUMMARY = 4_096;

export function alertmanagerAlerts(alert: Alert, firesForMs = MAX_FIRING_MS): JsonObject[] {
  const { kind, at } = alert;
  const ended = urgenciesUpTo(alert).map((urgency) => toAlertmanagerAlert(alert, urgency, at));
  if (kind === 'resolved') return ended;
  const firing = toAlertmanagerAlert(alert, alert, at + firesForMs);
  // A warning that became critical must show as one alert, not two.
  return kind === 'opened' ? [firing, ...ended.slice(1)] : [firing];
}

/** The urgency of the alert, then each lower one, which its incident may have had before. */
function urgenciesUpTo({ severity, priority }: Urgency): Urgency[] {
  const priorities = priority === null ? [] : ALERT_PRIORITIES.slice(0, ALERT_PRIORITIES.indexOf(priority) + 1);
  const severities = severity === 'critical' ? (['critical', 'warning'] as const) : ([severity] as const);
  return severities.flatMap((each) =>
    [...priorities.toReversed(), null].map((one) => ({ severity: each, priority: one })),
  );
}

function toAlertmanagerAlert(alert: Alert, { severity, priority }: Urgency, endsAt: number): JsonObject {
  const { incidentId, title, summary, componentId, componentType, failureType, link, openedAt, repeats } = alert;
  return {
    labels: {
      alertname: 'ArbiterIncident',
      severity,
      incident: incidentId,
      component: componentId,
      ...(priority === null ? {} : { priority }),
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
