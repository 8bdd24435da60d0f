/** Wire schemas of API keys. Only the responses that create or rotate a key contain the key itself. */
import * as z from 'zod';
import { TimestampSchema, pageOf } from './common.ts';
import { ignoring, namesOnlyIn } from './read-only.ts';

export const KeyIdSchema = z
  .string()
  .regex(/^[0-9a-z]{12}$/, 'not a key id')
  .meta({ description: 'Part of the key between its underscores.', example: '4f1c02a97be3' });

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
    .meta({ description: 'Maximum number of slots leased by the key at once, per type. Null: no limit.' }),
  leaseWaiters: z.int().min(0).max(5_000).nullable().meta({
    description: 'Maximum number of requests of the key in the wait queue, per type. Null: half of the queue.',
  }),
};

const QuotasChangeSchema = z
  .strictObject({ leaseSlots: QuotaSchemas.leaseSlots.optional(), leaseWaiters: QuotaSchemas.leaseWaiters.optional() })
  .meta({ id: 'KeyQuotasChange', description: 'Missing fields keep their value.' });

/** Upper bound on the lifetime of a key. */
const MAX_LIFE_MS = 10 * 365 * 86_400_000;

export const KeyRequestSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[^\p{Cc}\p{Cs}]{1,128}$/u, '1 to 128 characters, none of them a control character')
      .meta({ description: 'Purpose of the key, for people.' }),
    scopes: z.array(ScopeSchema).min(1).max(16),
    expiresAt: z.iso.datetime({ offset: true }).optional().meta({
      description: 'Expiry, at most ten years from now. Without it the key does not expire.',
    }),
    quotas: QuotasChangeSchema.optional(),
  })
  .meta({ id: 'KeyRequest' });

/** Why `expiresAt` (epoch ms) is refused at `now`, or null. */
export function expiryFault(expiresAt: number | null, now: number): string | null {
  if (expiresAt === null) return null;
  if (expiresAt <= now) return 'must be in the future';
  return expiresAt > now + MAX_LIFE_MS ? 'at most ten years from now' : null;
}

export const RotationSchema = z
  .strictObject({
    overlapMs: z
      .int()
      .min(0)
      .max(30 * 86_400_000)
      .default(86_400_000)
      .meta({ description: 'Time for which the previous secret stays valid, ms. 0 ends it at once.' }),
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
    lastUsedAt: TimestampSchema.nullable().meta({ description: 'Accurate to five minutes.' }),
    secrets: z
      .array(z.object({ createdAt: TimestampSchema, endsAt: TimestampSchema.nullable() }))
      .meta({ description: 'Newest first. Two while a rotation overlaps.' }),
    issuedBy: z
      .string()
      .nullable()
      .meta({ description: 'Registrar key for which the coordinator issued this key. Null otherwise.' }),
    issuedTo: z
      .string()
      .nullable()
      .meta({ description: 'Component that owns the key. The key ends with the component. Null otherwise.' }),
    quotas: z.object(QuotaSchemas).meta({ id: 'KeyQuotas' }),
  })
  .meta({ id: 'Key' });

const ChangeSchema = z
  .strictObject({
    quotas: QuotasChangeSchema,
    ...KeySchema.pick({ id: true, name: true, scopes: true, expiresAt: true }).partial().shape,
  })
  .meta({
    id: 'KeyChange',
    description: '`id`, `name`, `scopes` and `expiresAt` cannot be changed: create another key.',
  });

export const KeyChangeSchema = ignoring(namesOnlyIn(KeySchema, ChangeSchema), ChangeSchema);

export const NewKeySchema = KeySchema.extend({
  key: z.string().meta({ description: 'The key itself. No later response shows it.' }),
}).meta({ id: 'NewKey' });

export const KeyPageSchema = pageOf(KeySchema);

export type KeyResource = z.infer<typeof KeySchema>;
