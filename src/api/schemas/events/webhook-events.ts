/** Events about webhooks. None is sent to the webhook it tells of. */
import * as z from 'zod';
import { WEBHOOK_FORMATS } from '../../../core/webhook/webhook.ts';
import type { EventEntry } from './event-entry.ts';

const SUBJECT = 'the webhook';

const AboutSchema = z.looseObject({ webhookId: z.string().meta({ description: 'The same as the subject.' }) });

const ChangedSchema = AboutSchema.extend({
  changed: z
    .array(z.string())
    .meta({ description: 'Names of the settings that differ; `secret` when it was rotated.' }),
});

const CHANGED = { webhookId: 'billing', changed: ['url'] } as const;

export const WEBHOOK_EVENTS = {
  'webhook.created': {
    summary: 'A webhook was made.',
    subject: SUBJECT,
    data: AboutSchema.extend({ format: z.enum(WEBHOOK_FORMATS), types: z.array(z.string()) }),
    example: { webhookId: 'billing', format: 'cloudevents', types: ['incident.*'] },
  },
  'webhook.changed': {
    summary: 'Settings of a webhook were changed, or its secret was rotated.',
    subject: SUBJECT,
    data: ChangedSchema,
    example: CHANGED,
  },
  'webhook.deleted': {
    summary: 'A webhook was ended, with all that was owed to it.',
    subject: SUBJECT,
    data: AboutSchema,
    example: { webhookId: 'billing' },
  },
  'webhook.enabled': {
    summary: 'A webhook is sent to again: first what is owed to it, then what it missed.',
    subject: SUBJECT,
    data: ChangedSchema,
    example: { ...CHANGED, changed: [] },
  },
  'webhook.disabled': {
    summary: 'Nothing is sent to a webhook any more until somebody enables it.',
    subject: SUBJECT,
    data: ChangedSchema.extend({
      reason: z.enum(['operator', 'gone', 'failing']).meta({
        description: 'Somebody said so; the receiver answered 410; five days of nothing but failures.',
      }),
    }),
    example: { ...CHANGED, changed: [], reason: 'gone' },
  },
  'webhook.delivery-dead': {
    summary: 'A delivery failed ten times and is given up; told of the first in a time of nothing but failures.',
    subject: SUBJECT,
    data: AboutSchema.extend({
      deliveryId: z.string(),
      event: z.object({ sequence: z.string(), type: z.string(), subject: z.string() }),
    }),
    example: {
      webhookId: 'billing',
      deliveryId: 'd-billing-318',
      event: { sequence: '318', type: 'incident.opened', subject: 'router-1' },
    },
  },
} as const satisfies Record<string, EventEntry>;
