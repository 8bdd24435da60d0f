/** Wire schemas of leases, their completion and renewal, and the wait queues. */
import * as z from 'zod';
import { ComponentIdSchema, ComponentTypeSchema } from '../../core/component/registration.ts';
import { WORK_OUTCOMES } from '../../core/component/work-outcome.ts';
import { LEASE_ID_PATTERN } from '../../core/lease/lease-id.ts';
import { PageQuerySchema, TimestampSchema, WarningsSchema, pageOf } from './common.ts';
import { ReportedErrorSchema } from './failure.ts';
import { LatencySchema } from './outcome.ts';

export const LeaseParamSchema = z.object({ id: z.string().regex(LEASE_ID_PATTERN, 'not a lease id') });

export const CompletionSchema = z
  .object({
    outcome: z.enum(WORK_OUTCOMES),
    latencyMs: LatencySchema.optional(),
    error: ReportedErrorSchema.nullable()
      .optional()
      .meta({ description: 'Only if the component itself failed, not just the work. Counts as a reported failure.' }),
  })
  .meta({ id: 'LeaseCompletion', description: 'Only a wrong `outcome` refuses a completion.' });

export const CompletedLeaseSchema = z
  .object({
    id: z.string(),
    componentId: z.string(),
    outcome: z.enum(WORK_OUTCOMES),
    inFlight: z.number().meta({ description: 'Work in flight on the component after the completion.' }),
    warnings: WarningsSchema,
  })
  .meta({ id: 'CompletedLease' });

export const RenewalSchema = z
  .object({
    ttlMs: z.number().meta({ description: 'New lifetime from now, ms. Clamped to 1 000 to 3 600 000.' }),
  })
  .meta({ id: 'LeaseRenewal' });

export const RenewedLeaseSchema = z
  .object({
    id: z.string(),
    componentId: z.string(),
    slots: z.int(),
    expiresAt: TimestampSchema,
    warnings: WarningsSchema,
  })
  .meta({ id: 'RenewedLease' });

const LeaseSchema = z
  .object({
    id: z.string(),
    type: z.string(),
    componentId: z.string(),
    kind: z
      .enum(['lease', 'block'])
      .meta({ description: '`block`: slots granted to an isolate, which leases from them itself.' }),
    slots: z.int(),
    grantedAt: TimestampSchema,
    expiresAt: TimestampSchema,
  })
  .meta({ id: 'Lease' });

export type LeaseResource = z.infer<typeof LeaseSchema>;

export const LeaseQuerySchema = PageQuerySchema.extend({
  type: ComponentTypeSchema.optional(),
  componentId: ComponentIdSchema.optional(),
});

const WaitingSchema = z.object({
  type: z.string(),
  depth: z.int(),
  oldestMs: z.number().meta({ description: 'Time for which the first request has waited, ms.' }),
  byQuota: z.int().meta({ description: 'Requests that wait because their key has reached its quota.' }),
});

const PercentileSchema = z.number().nullable();

const RecentWaitsSchema = z.object({
  type: z.string(),
  windowMs: z.int().meta({ description: 'Length of the counted period, ms.' }),
  granted: z.int().meta({ description: 'Requests granted after a wait.' }),
  timedOut: z.int().meta({ description: 'Requests that waited up to their `waitMs` without a grant.' }),
  atCapacity: z.int().meta({ description: 'Requests refused at once because no slot was free.' }),
  overQuota: z.int().meta({ description: 'Requests refused because of the quota of their key.' }),
  waitMs: z
    .object({ p50: PercentileSchema, p90: PercentileSchema, p99: PercentileSchema })
    .meta({ description: 'Percentiles of the wait of granted requests, ms. Null without a grant.' }),
});

const HolderSchema = z.object({
  type: z.string(),
  keyId: z.string(),
  slots: z.int(),
  waiting: z.int().meta({ description: 'Waiting requests of the key.' }),
});

export const LeasePageSchema = pageOf(LeaseSchema)
  .extend({
    waiting: WaitingSchema.array().meta({ description: 'Wait queues of the types with waiting requests.' }),
    recent: RecentWaitsSchema.array().meta({
      description: 'Recent results of the wait queues, for types with waits or refusals.',
    }),
    holders: HolderSchema.array()
      .optional()
      .meta({ description: 'Keys by leased slots, at most fifty per type. For operators only.' }),
  })
  .meta({ id: 'LeasePage' });

export type LeasePageResource = z.infer<typeof LeasePageSchema>;
