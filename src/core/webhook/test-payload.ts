/** Payload of a test delivery: in the format of the webhook, and recognisable as no real event. */
import type { Alert } from '../alert/alert.ts';
import { alertBody } from '../alert/alert-body.ts';
import { alertmanagerAlerts } from '../alert/alertmanager-alerts.ts';
import type { Webhook } from './webhook.ts';
import { isChannel } from './webhook.ts';

/** A test alert expires by itself, because no event resolves it. */
const FIRES_FOR_MS = 300_000;

export function testPayload(webhook: Webhook, id: string, now: number): string {
  const time = new Date(now).toISOString();
  if (!isChannel(webhook)) {
    const data = { webhookId: webhook.id, message: 'a test: nothing happened' };
    const envelope = { specversion: '1.0', id, source: '/arbiter-coordinator', type: 'webhook.test' };
    return JSON.stringify({ ...envelope, subject: webhook.id, time, datacontenttype: 'application/json', data });
  }
  const alert: Alert = {
    kind: 'opened',
    incidentId: `test-${webhook.id}`,
    severity: 'warning',
    title: 'Test of an alert channel',
    summary: 'nothing happened',
    componentId: 'test',
    componentType: null,
    failureType: null,
    repeats: 0,
    priority: null,
    targets: null,
    link: '/v1/webhooks',
    openedAt: now,
    at: now,
  };
  const isTimed = webhook.format === 'alertmanager';
  return JSON.stringify(isTimed ? alertmanagerAlerts(alert, FIRES_FOR_MS) : alertBody(webhook.format, alert));
}
