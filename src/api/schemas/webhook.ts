/** Wire schemas of webhooks and deliveries. Only the responses that create or rotate a secret contain it. */
import * as z from 'zod';
import { ComponentTypeSchema } from '../../core/component/registration.ts';
import { EVENT_TYPES } from '../../core/event/coordinator-event.ts';
import { MASKED, WEBHOOK_FORMATS, WEBHOOK_ID } from '../../core/webhook/webhook.ts';
import { PageQuerySchema, TimestampSchema, pageOf } from './common.ts';
import { ignoring, namesOnlyIn } from './read-only.ts';

export const WebhookIdSchema = z
  .string()
  .regex(WEBHOOK_ID.pattern, WEBHOOK_ID.description)
  .meta({ example: 'w-0f5a9c' });

export const DeliveryIdSchema = z
  .string()
  .regex(/^[\w:.~>*-]{1,512}$/, 'not a delivery id')
  .meta({ description: 'Value of the `webhook-id` header.' });

const isKnownPattern = (pattern: string): boolean =>
  EVENT_TYPES.some((type) => (pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern));

const EventPatternSchema = z
  .string()
  .max(64)
  .refine(isKnownPattern, 'not an event type: give a type, or a prefix with a star, such as incident.*')
  .meta({ example: 'incident.*' });

const SubjectPatternSchema = z
  .string()
  .regex(/^[a-z0-9._-]{0,128}\*?$/, 'a component id, or a prefix with a star')
  .min(1)
  .meta({ example: 'router-*' });

const DescriptionSchema = z
  .string()
  .regex(/^[^\p{Cc}\p{Cs}]{0,256}$/u, 'at most 256 characters, none of them a control character');

/** Format of Standard Webhooks: 24 to 64 bytes in base64. */
const SECRET = /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/;

const SecretSchema = z
  .string()
  .max(128)
  .refine(isSecret, 'not a Standard Webhooks secret: its prefix and the base64 of 24 to 64 bytes')
  .meta({ description: 'Secret that signs deliveries. The coordinator generates one if it is missing.' });

function isSecret(secret: string): boolean {
  if (!SECRET.test(secret)) return false;
  try {
    const base64 = secret.slice('whsec_'.length);
    const bytes = atob(base64);
    // The base64 must be canonical: the signing code is stricter than atob.
    return bytes.length >= 24 && bytes.length <= 64 && btoa(bytes) === base64;
  } catch {
    // Not base64.
    return false;
  }
}

const RoutingKeySchema = z
  .string()
  .regex(/^[A-Za-z0-9]{1,64}$/, 'letters and digits, 64 at most')
  .meta({ description: 'PagerDuty only: integration key of an Events API v2 integration.' });

const settingSchemas = {
  url: z.string().min(1).max(2_048),
  types: z
    .array(EventPatternSchema)
    .min(1)
    .max(50)
    .meta({ description: 'Event types to send. Default: all; for alert formats, all incident events.' }),
  subjects: z
    .array(SubjectPatternSchema)
    .max(100)
    .meta({ description: 'Only events about these components. Empty: all.' }),
  componentTypes: z
    .array(ComponentTypeSchema)
    .max(50)
    .meta({ description: 'Only events about components of these types. Empty: all.' }),
  description: DescriptionSchema,
  routingKey: RoutingKeySchema,
};

export const WebhookRequestSchema = z
  .strictObject({
    id: WebhookIdSchema.optional().meta({
      description: 'Chosen by the caller. A repeated request with the same id and settings creates one webhook.',
    }),
    url: settingSchemas.url
      .optional()
      .meta({ description: 'Required, except for `pagerduty`, which has one URL for all.' }),
    format: z.enum(WEBHOOK_FORMATS).default('cloudevents'),
    types: settingSchemas.types.optional(),
    subjects: settingSchemas.subjects.default([]),
    componentTypes: settingSchemas.componentTypes.default([]),
    description: settingSchemas.description.default(''),
    routingKey: settingSchemas.routingKey.optional(),
    secret: SecretSchema.optional(),
  })
  .meta({ id: 'WebhookRequest' });

/** Changes of a webhook. Masked values keep the stored ones; `id` and `format` must be those of the webhook. */
const PatchSchema = z
  .strictObject({
    id: z.string().optional().meta({ description: 'Cannot be changed.' }),
    format: z.enum(WEBHOOK_FORMATS).optional().meta({ description: 'Cannot be changed.' }),
    url: settingSchemas.url.optional().meta({ description: 'The masked URL of a response keeps the stored one.' }),
    types: settingSchemas.types.optional(),
    subjects: settingSchemas.subjects.optional(),
    componentTypes: settingSchemas.componentTypes.optional(),
    description: settingSchemas.description.optional(),
    routingKey: z
      .union([settingSchemas.routingKey, z.literal(MASKED)])
      .nullable()
      .optional()
      .meta({ description: `\`${MASKED}\` keeps the stored key.` }),
    enabled: z.boolean().optional().meta({ description: 'Pending deliveries are sent when the webhook is enabled.' }),
  })
  .meta({ id: 'WebhookPatch' });

export const SecretRotationSchema = z.strictObject({ secret: SecretSchema.optional() }).meta({ id: 'SecretRotation' });

export const WebhookSchema = z
  .object({
    id: z.string(),
    url: z
      .string()
      .meta({ description: 'Complete only for admins and only for `cloudevents`; otherwise cut after the host.' }),
    format: z.enum(WEBHOOK_FORMATS),
    types: z.array(z.string()),
    subjects: z.array(z.string()),
    componentTypes: z.array(z.string()),
    description: z.string(),
    routingKey: z.string().nullable().meta({ description: 'Masked.' }),
    state: z.enum(['enabled', 'disabled']),
    disabledReason: z.enum(['operator', 'gone', 'failing']).nullable(),
    disabledAt: TimestampSchema.nullable(),
    failingSince: TimestampSchema.nullable().meta({
      description: 'Every attempt since then has failed. Null: no failure since the last success.',
    }),
    pausedUntil: TimestampSchema.nullable().meta({
      description: 'The receiver requested a pause by 429 or `Retry-After`: nothing is sent before. Null: no pause.',
    }),
    pending: z.int().meta({ description: 'Deliveries that are not settled yet.' }),
    dead: z.int().meta({
      description: 'Deliveries that the receiver refused or that were given up. They can be replayed.',
    }),
    behind: z
      .boolean()
      .meta({ description: 'True: events in the log still have to become deliveries of the webhook.' }),
    missed: z.int().meta({ description: 'Events that were never sent because the log no longer had them.' }),
    configured: z
      .boolean()
      .meta({ description: 'Configured by the deployment. It can be neither changed nor deleted here.' }),
    previousSecretUntil: TimestampSchema.nullable().meta({
      description: 'Until then the previous secret signs too. Null: only the current secret signs.',
    }),
    createdAt: TimestampSchema.nullable(),
    updatedAt: TimestampSchema.nullable(),
  })
  .meta({ id: 'Webhook' });

export const NewWebhookSchema = WebhookSchema.extend({
  secret: z.string().meta({ description: 'Secret that signs deliveries. No later response shows it.' }),
}).meta({ id: 'NewWebhook' });

export const WebhookPatchSchema = ignoring(namesOnlyIn(WebhookSchema, PatchSchema), PatchSchema);

export const WebhookPageSchema = pageOf(WebhookSchema);

const DeliveryStateSchema = z.enum(['pending', 'delivered', 'dead', 'superseded']).meta({
  description:
    'Superseded: a newer alert about the same incident replaced it before it was sent, or its incident ended unreported.',
});

export const DeliveryQuerySchema = PageQuerySchema.extend({
  state: DeliveryStateSchema.optional(),
});

export const DeliverySchema = z
  .object({
    id: z.string().meta({ description: 'The `webhook-id`, identical for every attempt.' }),
    event: z.object({ sequence: z.string(), type: z.string(), subject: z.string() }),
    state: DeliveryStateSchema,
    inProgress: z.boolean(),
    nextAttemptAt: TimestampSchema.nullable().meta({
      description:
        'Null while pending: an earlier delivery about the same subject comes first, or the webhook is disabled.',
    }),
    attempts: z
      .array(
        z.object({
          number: z.int(),
          at: TimestampSchema,
          durationMs: z.int().nullable().meta({ description: 'Null while the attempt runs, and for a lost attempt.' }),
          status: z.int().nullable().meta({ description: 'HTTP status. Null without a response.' }),
          error: z.string().nullable(),
        }),
      )
      .meta({ description: 'The last twenty attempts, oldest first.' }),
    createdAt: TimestampSchema,
  })
  .meta({ id: 'Delivery' });

export const DeliveryPageSchema = pageOf(DeliverySchema);

export const ReplayRequestSchema = z
  .strictObject({
    after: z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional().meta({
      description: 'Replays all matching events of the log after this sequence, instead of the dead deliveries.',
    }),
  })
  .meta({ id: 'ReplayRequest' });

export const ReplayReceiptSchema = z
  .object({
    replayed: z.int().meta({
      description:
        'Deliveries that are pending again, or due now. Deliveries from the log are created after the response.',
    }),
  })
  .meta({ id: 'ReplayReceipt' });

export const WebhookTestSchema = z
  .object({
    id: z.string().meta({ description: '`webhook-id` of the test.' }),
    delivered: z.boolean(),
    status: z.int().nullable(),
    durationMs: z.int(),
    error: z.string().nullable(),
    response: z.string().meta({ description: 'Beginning of the response body, made printable.' }),
  })
  .meta({ id: 'WebhookTest' });

export type WebhookResource = z.infer<typeof WebhookSchema>;
export type DeliveryResource = z.infer<typeof DeliverySchema>;
