/** Leases as callers see them, and what they say of them. */
import * as z from 'zod';
import { ComponentIdSchema, ComponentTypeSchema } from '../../core/component/registration.ts';
import { WORK_OUTCOMES } from '../../core/component/work-outcome.ts';
import { LEASE_ID_PATTERN } from '../../core/lease/lease-id.ts';
import { PageQuerySchema, TimestampSchema, pageOf } from './common.ts';
import { FailureReportSchema } from './failure.ts';
import { LatencySchema } from './outcome.ts';

export const LeaseParamSchema = z.object({ id: z.string().regex(LEASE_ID_PATTERN, 'not a lease id') });

export const CompletionSchema = z
  .strictObject({
    outcome: z.enum(WORK_OUTCOMES),
    latencyMs: LatencySchema.optional(),
    error: FailureReportSchema.shape.error
      .optional()
      .meta({ description: 'Only when the component failed, and not the work alone: counts as a reported failure.' }),
  })
  .meta({ id: 'LeaseCompletion' });

export type CompletionData = z.output<typeof CompletionSchema>;

export const CompletedLeaseSchema = z
  .object({
    id: z.string(),
    componentId: z.string(),
    outcome: z.enum(WORK_OUTCOMES),
    inFlight: z.number().meta({ description: 'Work that the component has in flight after it.' }),
  })
  .meta({ id: 'CompletedLease' });

export const RenewalSchema = z
  .strictObject({ ttlMs: z.int().min(1_000).max(3_600_000).meta({ description: 'How long it lasts from now on.' }) })
  .meta({ id: 'LeaseRenewal' });

export const RenewedLeaseSchema = z
  .object({ id: z.string(), componentId: z.string(), slots: z.int(), expiresAt: TimestampSchema })
  .meta({ id: 'RenewedLease' });

const LeaseSchema = z
  .object({
    id: z.string(),
    type: z.string(),
    componentId: z.string(),
    kind: z
      .enum(['lease', 'block'])
      .meta({ description: 'A block is leased from by the isolate that was granted it.' }),
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
  oldestMs: z.number().meta({ description: 'How long the first of them has been waiting.' }),
  byQuota: z.int().meta({ description: 'Those of them that wait for their own key to free something.' }),
});

const WaitSchema = z.number().nullable();

const LatelySchema = z.object({
  type: z.string(),
  overMs: z.int().meta({ description: 'The time that these are about.' }),
  granted: z.int().meta({ description: 'Granted after a wait.' }),
  timedOut: z.int().meta({ description: 'Waited as long as they would, in vain.' }),
  atCapacity: z.int().meta({ description: 'Refused at once for want of room.' }),
  overQuota: z.int().meta({ description: 'Refused for what their key may hold.' }),
  waitMs: z
    .object({ p50: WaitSchema, p90: WaitSchema, p99: WaitSchema })
    .meta({ description: 'Of those granted after a wait: so many percent of them waited no longer.' }),
});

const HolderSchema = z.object({
  type: z.string(),
  keyId: z.string(),
  slots: z.int(),
  waiting: z.int().meta({ description: 'Its callers that wait.' }),
});

export const LeasePageSchema = pageOf(LeaseSchema)
  .extend({
    waiting: WaitingSchema.array().meta({ description: 'Types for which somebody waits.' }),
    lately: LatelySchema.array().meta({ description: 'Types for which somebody waited or was refused lately.' }),
    holders: HolderSchema.array()
      .optional()
      .meta({ description: 'Keys by the slots they hold, at most fifty of a type; for operators.' }),
  })
  .meta({ id: 'LeasePage' });

export type LeasePageResource = z.infer<typeof LeasePageSchema>;
