/** What a webhook is sent to try it out: in its own form, and plainly no event of the log. */
import { alertBody } from '../alert/alert-body.ts';
import type { Webhook } from './webhook.ts';
import { isChannel } from './webhook.ts';

export function testPayload(webhook: Webhook, id: string, now: number): string {
  const time = new Date(now).toISOString();
  if (!isChannel(webhook)) {
    const data = { webhookId: webhook.id, message: 'a test: nothing happened' };
    const envelope = { specversion: '1.0', id, source: '/arbiter-coordinator', type: 'webhook.test' };
    return JSON.stringify({ ...envelope, subject: webhook.id, time, datacontenttype: 'application/json', data });
  }
  const body = alertBody(webhook, {
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
  });
  return JSON.stringify(body);
}
