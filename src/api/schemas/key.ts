/** Keys as callers see them: everything but the secret, which is shown once. */
import * as z from 'zod';
import { TimestampSchema, pageOf } from './common.ts';

export const KeyIdSchema = z
  .string()
  .regex(/^[0-9a-z]{12}$/, 'not the id of a key')
  .meta({ description: 'The part of a key between its underscores.', example: '4f1c02a97be3' });

const ScopeSchema = z.string().max(160).meta({
  description: '`viewer`, `router`, `operator`, `admin`, `component:<id>` or `registrar:<type>`.',
  example: 'registrar:task_router',
});

const QuotaSchemas = {
  leaseSlots: z
    .int()
    .min(0)
    .max(1_000_000)
    .nullable()
    .meta({ description: 'Slots that it may hold of each type at once; null for as many as there are.' }),
  leaseWaiters: z
    .int()
    .min(0)
    .max(5_000)
    .nullable()
    .meta({ description: 'Callers with it that may wait for a lease of each type; null for half of the line.' }),
};

const QuotasChangeSchema = z
  .strictObject({ leaseSlots: QuotaSchemas.leaseSlots.optional(), leaseWaiters: QuotaSchemas.leaseWaiters.optional() })
  .meta({ id: 'KeyQuotasChange', description: 'What is left out stays as it is.' });

export const KeyChangeSchema = z.strictObject({ quotas: QuotasChangeSchema }).meta({ id: 'KeyChange' });

/** Further than any key should live. */
const MAX_LIFE_MS = 10 * 365 * 86_400_000;

export const KeyRequestSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[^\p{Cc}\p{Cs}]{1,128}$/u, '1 to 128 characters, none of them a control character')
      .meta({ description: 'For people: what the key is for.' }),
    scopes: z.array(ScopeSchema).min(1).max(16),
    expiresAt: z.iso.datetime({ offset: true }).optional().meta({
      description: 'After that it opens nothing; ten years from now at most. Without it, it does not expire.',
    }),
    quotas: QuotasChangeSchema.optional(),
  })
  .meta({ id: 'KeyRequest' });

/** Why an expiry is not accepted, or null. */
export function expiryFault(expiresAt: number | null, now: number): string | null {
  if (expiresAt === null) return null;
  if (expiresAt <= now) return 'must lie in the future';
  return expiresAt > now + MAX_LIFE_MS ? 'at most ten years from now' : null;
}

export const RotationSchema = z
  .strictObject({
    overlap: z
      .int()
      .min(0)
      .max(30 * 86_400_000)
      .default(86_400_000)
      .meta({ description: 'How long the secret before still works, ms; 0 ends it at once.' }),
  })
  .meta({ id: 'KeyRotation' });

export const KeySchema = z
  .object({
    id: KeyIdSchema,
    name: z.string(),
    scopes: z.array(ScopeSchema),
    state: z.enum(['active', 'expired', 'revoked']),
    createdAt: TimestampSchema,
    expiresAt: TimestampSchema.nullable(),
    revokedAt: TimestampSchema.nullable(),
    lastUsedAt: TimestampSchema.nullable().meta({ description: 'To five minutes.' }),
    secrets: z
      .array(z.object({ createdAt: TimestampSchema, endsAt: TimestampSchema.nullable() }))
      .meta({ description: 'The newest first; two while a rotation overlaps.' }),
    issuedBy: z.string().nullable().meta({ description: 'The registrar’s key it was issued for.' }),
    issuedTo: z.string().nullable().meta({ description: 'The component it was issued to, with which it goes.' }),
    quotas: z.object(QuotaSchemas).meta({ id: 'KeyQuotas' }),
  })
  .meta({ id: 'Key' });

export const NewKeySchema = KeySchema.extend({
  key: z.string().meta({ description: 'The key itself. It is not shown again.' }),
}).meta({ id: 'NewKey' });

export const KeyPageSchema = pageOf(KeySchema);

export type KeyResource = z.infer<typeof KeySchema>;
