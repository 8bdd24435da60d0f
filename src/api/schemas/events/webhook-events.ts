/** Events about webhooks. A webhook receives no events about itself. */
import * as z from 'zod';
import { WEBHOOK_FORMATS } from '../../../core/webhook/webhook.ts';
import type { EventEntry } from './event-entry.ts';

const SUBJECT = 'the webhook';

const WebhookRefSchema = z.looseObject({ webhookId: z.string().meta({ description: 'Equals `subject`.' }) });

const ChangedSchema = WebhookRefSchema.extend({
  changed: z.array(z.string()).meta({ description: 'Names of the changed settings; `secret` after a rotation.' }),
});

const CHANGED_EXAMPLE = { webhookId: 'billing', changed: ['url'] } as const;

export const WEBHOOK_EVENTS = {
  'webhook.created': {
    summary: 'A webhook was created.',
    subject: SUBJECT,
    data: WebhookRefSchema.extend({ format: z.enum(WEBHOOK_FORMATS), types: z.array(z.string()) }),
    example: { webhookId: 'billing', format: 'cloudevents', types: ['incident.*'] },
  },
  'webhook.changed': {
    summary: 'Settings of a webhook were changed, or its secret was rotated.',
    subject: SUBJECT,
    data: ChangedSchema,
    example: CHANGED_EXAMPLE,
  },
  'webhook.deleted': {
    summary: 'A webhook was deleted, with its pending deliveries.',
    subject: SUBJECT,
    data: WebhookRefSchema,
    example: { webhookId: 'billing' },
  },
  'webhook.enabled': {
    summary: 'A webhook was enabled: pending deliveries are sent first, then missed events.',
    subject: SUBJECT,
    data: ChangedSchema,
    example: { ...CHANGED_EXAMPLE, changed: [] },
  },
  'webhook.disabled': {
    summary: 'A webhook was disabled: it gets no deliveries until an operator enables it.',
    subject: SUBJECT,
    data: ChangedSchema.extend({
      reason: z.enum(['operator', 'gone', 'failing']).meta({
        description:
          '`operator`: by a call. `gone`: the receiver responded 410. `failing`: only failures for five days.',
      }),
    }),
    example: { ...CHANGED_EXAMPLE, changed: [], reason: 'gone' },
  },
  'webhook.delivery-dead': {
    summary:
      'A delivery failed ten times and was given up. Published only for the first such delivery in a row of failures.',
    subject: SUBJECT,
    data: WebhookRefSchema.extend({
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
