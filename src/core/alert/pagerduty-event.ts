/**
 * An event for PagerDuty's Events API v2: https://developer.pagerduty.com/docs/events-api-v2-overview
 *
 * The id of the incident, of a group its first one, is the `dedup_key`: a later message updates the open PagerDuty
 * incident, and a duplicate changes nothing.
 * The stored event has no `routing_key`. The sender adds the current one.
 */
import type { JsonObject } from '../json.ts';
import type { AlertPriority } from '../incident/alert-route.ts';
import { effectivePriority } from '../incident/alert-route.ts';
import type { Alert } from './alert.ts';
import { truncate, isAbsoluteUrl, isFollowUp } from './alert.ts';

export const PAGERDUTY_URL = 'https://events.pagerduty.com/v2/enqueue';

const MAX_SUMMARY = 1_024;

const ACTIONS: Readonly<Record<Alert['kind'], string>> = {
  opened: 'trigger',
  repeated: 'trigger',
  acknowledged: 'acknowledge',
  resolved: 'resolve',
};

/** PagerDuty's severities. An alert without a priority keeps its own severity. */
const SEVERITIES: Readonly<Record<AlertPriority, string>> = {
  low: 'info',
  medium: 'warning',
  high: 'error',
  critical: 'critical',
};

export function pagerdutyEvent(alert: Alert): JsonObject {
  const { kind, incidentId, title, summary, componentId, componentType, failureType, repeats, link } = alert;
  const { priority, group } = alert;
  const identity = { event_action: ACTIONS[kind], dedup_key: incidentId };
  if (isFollowUp(alert)) return identity;
  return {
    ...identity,
    client: 'Arbiter Coordinator',
    ...(isAbsoluteUrl(link) ? { client_url: link, links: [{ href: link, text: 'The incident' }] } : {}),
    payload: {
      summary: truncate(`${title}: ${summary}`, MAX_SUMMARY),
      source: componentId,
      severity: SEVERITIES[effectivePriority(alert)],
      timestamp: new Date(alert.at).toISOString(),
      component: componentId,
      ...(componentType === null ? {} : { group: componentType }),
      ...(failureType === null ? {} : { class: failureType }),
      custom_details: {
        incidentId,
        repeats,
        link,
        ...(priority === null ? {} : { priority }),
        ...(group ? { group: { ...group, componentIds: [...group.componentIds] } } : {}),
      },
    },
  };
}

/** Adds the routing key to an event. Both are JSON texts. */
export const withRoutingKey = (routingKey: string, event: string): string =>
  JSON.stringify({ ...(JSON.parse(event) as JsonObject), routing_key: routingKey });
