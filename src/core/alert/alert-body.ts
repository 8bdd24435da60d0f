/** Request body of an alert in a webhook's format; null if the format has no equivalent. */
import type { Json } from '../json.ts';
import type { WebhookFormat } from '../webhook/webhook.ts';
import type { Alert } from './alert.ts';
import { alertmanagerAlerts } from './alertmanager-alerts.ts';
import { pagerdutyEvent } from './pagerduty-event.ts';
import { slackMessage } from './slack-message.ts';

export function alertBody(format: WebhookFormat, alert: Alert): Json | null {
  switch (format) {
    case 'slack':
      return slackMessage(alert);
    case 'pagerduty':
      return pagerdutyEvent(alert);
    case 'alertmanager':
      // An alert in Alertmanager is either firing or resolved.
      return alert.kind === 'acknowledged' ? null : alertmanagerAlerts(alert);
    case 'cloudevents':
      return null;
    default:
      return format satisfies never;
  }
}
