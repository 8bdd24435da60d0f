/** Webhooks and their deliveries as callers see them: everything but the secret, which is shown once. */
import * as z from 'zod';
import { ComponentTypeSchema } from '../../core/component/registration.ts';
import { EVENT_TYPES } from '../../core/event/coordinator-event.ts';
import { WEBHOOK_FORMATS } from '../../core/webhook/webhook.ts';
import { PageQuerySchema, TimestampSchema, pageOf } from './common.ts';

export const WebhookIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, '1 to 64 of a-z, 0-9, "_", "-", beginning with a letter or digit')
  .meta({ example: 'w-0f5a9c' });

export const DeliveryIdSchema = z
  .string()
  .regex(/^[\w:.~>*-]{1,512}$/, 'not the id of a delivery')
  .meta({ description: 'The `webhook-id` of its header.' });

const isKnownPattern = (pattern: string): boolean =>
  EVENT_TYPES.some((type) => (pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern));

const EventPatternSchema = z
  .string()
  .max(64)
  .refine(isKnownPattern, 'no event has such a type: give one, or the beginning of one with a star, as incident.*')
  .meta({ example: 'incident.*' });

const SubjectPatternSchema = z
  .string()
  .regex(/^[a-z0-9._-]{0,128}\*?$/, 'the id of a component, or the beginning of one with a star')
  .min(1)
  .meta({ example: 'router-*' });

const DescriptionSchema = z
  .string()
  .regex(/^[^\p{Cc}\p{Cs}]{0,256}$/u, 'at most 256 characters, none of them a control character');

/** As Standard Webhooks has it: 24 to 64 bytes. */
const SECRET = /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/;

const SecretSchema = z
  .string()
  .max(128)
  .refine(isSecret, 'a secret as Standard Webhooks writes it: its prefix and the base64 of 24 to 64 bytes')
  .meta({ description: 'What it is signed with; one is made up without it.' });

function isSecret(secret: string): boolean {
  if (!SECRET.test(secret)) return false;
  try {
    const base64 = secret.slice('whsec_'.length);
    const bytes = atob(base64);
    // To the letter: what signs is stricter than what reads here.
    return bytes.length >= 24 && bytes.length <= 64 && btoa(bytes) === base64;
  } catch {
    // Not base64.
    return false;
  }
}

const RoutingKeySchema = z
  .string()
  .regex(/^[A-Za-z0-9]{1,64}$/, 'letters and digits, 64 at most')
  .meta({ description: 'PagerDuty only: the integration key of an Events API v2 integration.' });

const asked = {
  url: z.string().min(1).max(2_048),
  types: z.array(EventPatternSchema).min(1).max(50).meta({ description: 'Which events; all, or all of incidents.' }),
  subjects: z.array(SubjectPatternSchema).max(100).meta({ description: 'Only those about these; empty for all.' }),
  componentTypes: z
    .array(ComponentTypeSchema)
    .max(50)
    .meta({ description: 'Only those about components of these types; empty for all.' }),
  description: DescriptionSchema,
  routingKey: RoutingKeySchema,
};

export const WebhookRequestSchema = z
  .strictObject({
    id: WebhookIdSchema.optional().meta({
      description: 'Of your own choice: asked for again with the same settings it is made once.',
    }),
    url: asked.url.optional().meta({ description: 'Required but for `pagerduty`, which has one address for all.' }),
    format: z.enum(WEBHOOK_FORMATS).default('cloudevents'),
    types: asked.types.optional(),
    subjects: asked.subjects.default([]),
    componentTypes: asked.componentTypes.default([]),
    description: asked.description.default(''),
    routingKey: asked.routingKey.optional(),
    secret: SecretSchema.optional(),
  })
  .meta({ id: 'WebhookRequest' });

export const WebhookPatchSchema = z
  .strictObject({
    url: asked.url.optional(),
    types: asked.types.optional(),
    subjects: asked.subjects.optional(),
    componentTypes: asked.componentTypes.optional(),
    description: asked.description.optional(),
    routingKey: asked.routingKey.optional(),
    enabled: z.boolean().optional().meta({ description: 'What is owed goes out once it is enabled.' }),
  })
  .meta({ id: 'WebhookPatch' });

export const SecretRotationSchema = z.strictObject({ secret: SecretSchema.optional() }).meta({ id: 'SecretRotation' });

export const WebhookSchema = z
  .object({
    id: z.string(),
    url: z.string().meta({ description: 'Shown whole to admins and not of alert channels, else up to its host.' }),
    format: z.enum(WEBHOOK_FORMATS),
    types: z.array(z.string()),
    subjects: z.array(z.string()),
    componentTypes: z.array(z.string()),
    description: z.string(),
    routingKey: z.string().nullable().meta({ description: 'Masked.' }),
    state: z.enum(['enabled', 'disabled']),
    disabledReason: z.enum(['operator', 'gone', 'failing']).nullable(),
    disabledAt: TimestampSchema.nullable(),
    failingSince: TimestampSchema.nullable().meta({ description: 'Every attempt since has failed.' }),
    owed: z.int().meta({ description: 'Deliveries that are not settled yet.' }),
    dead: z.int().meta({ description: 'Deliveries that were given up and can be replayed.' }),
    behind: z.boolean().meta({ description: 'It is still to be owed events that wait in the log.' }),
    missed: z.int().meta({ description: 'Events it never got, because the log did not hold them any more.' }),
    configured: z.boolean().meta({ description: 'By the deployment: it can be neither changed nor removed here.' }),
    previousSecretUntil: TimestampSchema.nullable().meta({ description: 'Until then the secret before signs too.' }),
    createdAt: TimestampSchema.nullable(),
    updatedAt: TimestampSchema.nullable(),
  })
  .meta({ id: 'Webhook' });

export const NewWebhookSchema = WebhookSchema.extend({
  secret: z.string().meta({ description: 'What deliveries are signed with. It is not shown again.' }),
}).meta({ id: 'NewWebhook' });

export const WebhookPageSchema = pageOf(WebhookSchema);

export const DeliveryQuerySchema = PageQuerySchema.extend({
  state: z.enum(['owed', 'delivered', 'dead']).optional(),
});

export const DeliverySchema = z
  .object({
    id: z.string().meta({ description: 'The `webhook-id`, the same at every attempt.' }),
    event: z.object({ sequence: z.string(), type: z.string(), subject: z.string() }),
    state: z.enum(['owed', 'delivered', 'dead']),
    isUnderWay: z.boolean(),
    nextAttemptAt: TimestampSchema.nullable().meta({
      description:
        'Null of one that is owed: it waits for an earlier one about the same subject, or the webhook is disabled.',
    }),
    attempts: z
      .array(
        z.object({
          number: z.int(),
          at: TimestampSchema,
          durationMs: z
            .int()
            .nullable()
            .meta({ description: 'ms; null while it is under way, and of one that was lost.' }),
          status: z.int().nullable().meta({ description: 'Of the answer, when there was one.' }),
          error: z.string().nullable(),
        }),
      )
      .meta({ description: 'The last twenty, oldest first.' }),
    createdAt: TimestampSchema,
  })
  .meta({ id: 'Delivery' });

export const DeliveryPageSchema = pageOf(DeliverySchema);

export const ReplayRequestSchema = z
  .strictObject({
    after: z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional().meta({
      description: 'All events of the log after this sequence that it asks for, in the place of what is dead.',
    }),
  })
  .meta({ id: 'ReplayRequest' });

export const ReplayReceiptSchema = z
  .object({
    replayed: z
      .int()
      .meta({ description: 'Deliveries owed again, or now. From the log they follow behind the answer.' }),
  })
  .meta({ id: 'ReplayReceipt' });

export const WebhookTestSchema = z
  .object({
    id: z.string().meta({ description: 'The `webhook-id` it was sent with.' }),
    delivered: z.boolean(),
    status: z.int().nullable(),
    durationMs: z.int(),
    error: z.string().nullable(),
    answer: z.string().meta({ description: 'The beginning of what the receiver wrote, made printable.' }),
  })
  .meta({ id: 'WebhookTest' });

export type WebhookResource = z.infer<typeof WebhookSchema>;
export type DeliveryResource = z.infer<typeof DeliverySchema>;
