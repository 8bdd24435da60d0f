/**
 * An event for PagerDuty's Events API v2: https://developer.pagerduty.com/docs/events-api-v2-overview
 * The incident's id is its `dedup_key`, so a repeat adds to what is open there, and saying it twice is saying it once.
 * What is owed is without the `routing_key`: it goes to the one that holds when it is sent.
 */
import type { JsonObject } from '../json.ts';
import type { Alert } from './alert.ts';
import { clipped, isAbsolute } from './alert.ts';

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
  const named = { event_action: ACTIONS[kind], dedup_key: incidentId };
  if (kind === 'acknowledged' || kind === 'resolved') return named;
  return {
    ...named,
    client: 'Arbiter Coordinator',
    ...(isAbsolute(link) ? { client_url: link, links: [{ href: link, text: 'The incident' }] } : {}),
    payload: {
      summary: clipped(`${title}: ${summary}`, MAX_SUMMARY),
      source: componentId,
      severity,
      timestamp: new Date(alert.at).toISOString(),
      component: componentId,
      ...(componentType === null ? {} : { group: componentType }),
      ...(failureType === null ? {} : { class: failureType }),
      custom_details: { incidentId, repeats, link },
    },
  };
}

/** An event as text, addressed. */
export const addressedTo = (routingKey: string, event: string): string =>
  JSON.stringify({ ...(JSON.parse(event) as JsonObject), routing_key: routingKey });
