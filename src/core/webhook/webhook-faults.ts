/** Cross-field checks of webhook settings, for creation and for changes. */
import type { WebhookSettings } from './webhook.ts';
import { MASKED, isChannel } from './webhook.ts';

export interface WebhookFault {
  readonly path: string;
  readonly message: string;
}

export function webhookFaults({ format, types, routingKey }: WebhookSettings): WebhookFault[] {
  const faults: WebhookFault[] = [];
  if (format === 'pagerduty' && routingKey === null)
    faults.push({ path: 'routingKey', message: 'pagerduty needs the routingKey of an Events API v2 integration' });
  if (format !== 'pagerduty' && routingKey !== null)
    faults.push({ path: 'routingKey', message: `only the format pagerduty has a routingKey; the format is ${format}` });
  if (isChannel({ format }))
    types.forEach((type, at) => {
      if (!type.startsWith('incident.'))
        faults.push({
          path: `types[${at}]`,
          message: `${format} receives incident alerts only: use incident.* or one incident event type`,
        });
    });
  return faults;
}

/** Faults of a change. The format stays: filters and secrets of one format mean nothing under another. */
export function changeFaults(before: WebhookSettings, changed: Partial<WebhookSettings>): WebhookFault[] {
  const { url, format } = changed;
  const faults = webhookFaults({ ...before, ...changed, format: before.format });
  if (format !== undefined && format !== before.format)
    faults.push({ path: 'format', message: `cannot be changed from ${before.format}: create another webhook` });
  if (url !== undefined && url.endsWith(`/${MASKED}`))
    faults.push({ path: 'url', message: 'masked, and not as the stored one: send the whole URL' });
  return faults;
}

/** Event types of a webhook that names none. */
export const defaultTypes = (format: WebhookSettings['format']): string[] => [
  isChannel({ format }) ? 'incident.*' : '*',
];
