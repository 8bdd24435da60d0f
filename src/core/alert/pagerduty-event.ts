/**
 * An event for PagerDuty's Events API v2: https://developer.pagerduty.com/docs/events-api-v2-overview
 *
 * The id of the incident, of a group its first one, is the `dedup_key`: a later message updates the open PagerDuty
 * incident, and a duplicate changes nothing.
 * The stored event has no `routing_key`. The sender adds the current one.
 */
import type { JsonObject } from '../json.ts';
import type { Alert } from './alert.ts';
import { truncate, isAbsoluteUrl } from './alert.ts';

export const PAGERDUTY_URL = 'https://events.pagerduty.com/v2/enqueue';

const MAX_SUMMARY = 1_024;

const ACTIONS: Readonly<Record<Alert['kind'], string>> = {
  opened: 'trigger',
  repeated: 'trigger',
  acknowledged: 'acknowledge',
  resolved: 'resolve',
};

export function pagerdutyEvent(alert: Alert): JsonObject {
  const { kind, incidentId, severity, title, summary, componentId, componentType, failureType, repeats, link } = alert;
  const { group } = alert;
  const identity = { event_action: ACTIONS[kind], dedup_key: incidentId };
  if (kind === 'acknowledged' || kind === 'resolved') return identity;
  return {
    ...identity,
    client: 'Arbiter Coordinator',
    ...(isAbsoluteUrl(link) ? { client_url: link, links: [{ href: link, text: 'The incident' }] } : {}),
    payload: {
      summary: truncate(`${title}: ${summary}`, MAX_SUMMARY),
      source: componentId,
      severity,
      timestamp: new Date(alert.at).toISOString(),
      component: componentId,
      ...(componentType === null ? {} : { group: componentType }),
      ...(failureType === null ? {} : { class: failureType }),
      custom_details: {
        incidentId,
        repeats,
        link,
        ...(group ? { group: { ...group, componentIds: [...group.componentIds] } } : {}),
      },
    },
  };
}

/** Adds the routing key to an event. Both are JSON texts. */
export const withRoutingKey = (routingKey: string, event: string): string =>
  JSON.stringify({ ...(JSON.parse(event) as JsonObject), routing_key: routingKey });
