/** What makes settings of a webhook disagree with each other, whoever put them together. */
import type { WebhookSettings } from './webhook.ts';
import { isChannel } from './webhook.ts';

export interface WebhookFault {
  readonly path: string;
  readonly message: string;
}

export function webhookFaults({ format, types, routingKey }: WebhookSettings): WebhookFault[] {
  const faults: WebhookFault[] = [];
  if (format === 'pagerduty' && routingKey === null)
    faults.push({ path: 'routingKey', message: 'pagerduty needs the routingKey of an Events API v2 integration' });
  if (format !== 'pagerduty' && routingKey !== null)
    faults.push({ path: 'routingKey', message: `only pagerduty has a routingKey, the format is ${format}` });
  if (isChannel({ format }))
    types.forEach((type, at) => {
      if (!type.startsWith('incident.'))
        faults.push({
          path: `types[${at}]`,
          message: `${format} takes alerts of incidents: incident.*, or one of them`,
        });
    });
  return faults;
}

/** What is asked for when nobody says. */
export const defaultTypes = (format: WebhookSettings['format']): string[] => [
  isChannel({ format }) ? 'incident.*' : '*',
];
