/** What a webhook is sent to try it out: in its own form, and plainly no event of the log. */
import type { Alert } from '../alert/alert.ts';
import { alertBody } from '../alert/alert-body.ts';
import { alertmanagerAlerts } from '../alert/alertmanager-alerts.ts';
import type { Webhook } from './webhook.ts';
import { isChannel } from './webhook.ts';

/** Nobody ends the alert of a test. */
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
    link: '/v1/webhooks',
    openedAt: now,
    at: now,
  };
  const isTimed = webhook.format === 'alertmanager';
  return JSON.stringify(isTimed ? alertmanagerAlerts(alert, FIRES_FOR_MS) : alertBody(webhook.format, alert));
}
