/** Wire schemas of incident details and silences. */
import * as z from 'zod';
import { ComponentIdSchema, ComponentTypeSchema } from '../../core/component/registration.ts';
import { MAX_SILENCE_MS } from '../../core/incident/silence.ts';
import { TimestampSchema, pageOf } from './common.ts';
import { FailureSchema, FailureTypeSchema, IncidentSchema, RecoverySchema } from './failure.ts';

const TimelineEntrySchema = z.object({
  at: TimestampSchema,
  kind: z.enum([
    'opened',
    'repeated',
    'alerted',
    'silenced',
    'acknowledged',
    'recovery-started',
    'recovery-action',
    'recovery-ended',
    'resolved',
  ]),
  by: z
    .string()
    .nullable()
    .meta({ description: 'Name of the key that performed the step. Null: the coordinator did.' }),
  detail: z.string(),
  recoveryId: z.string().nullable(),
});

export const IncidentDetailSchema = IncidentSchema.extend({
  failures: z.array(FailureSchema).meta({ description: 'The last ten failures behind the incident, newest first.' }),
  recovery: RecoverySchema.nullable().meta({ description: 'Last recovery that raised the incident.' }),
  timeline: z.array(TimelineEntrySchema).meta({ description: 'Oldest first.' }),
}).meta({ id: 'IncidentDetail' });

export type IncidentDetailResource = z.infer<typeof IncidentDetailSchema>;

const MIN_SILENCE_MS = 60_000;

const MatchersSchema = z
  .strictObject({
    componentId: ComponentIdSchema.optional(),
    type: ComponentTypeSchema.optional(),
    severity: IncidentSchema.shape.severity.optional(),
    failureType: FailureTypeSchema.optional(),
  })
  .refine((matchers) => Object.values(matchers).some((value) => value !== undefined), {
    error: 'give at least one of componentId, type, severity, failureType',
  });

export const SilenceRequestSchema = z
  .strictObject({
    matchers: MatchersSchema.meta({ description: 'Mutes the alerts that match all given fields.' }),
    durationMs: z
      .int()
      .min(MIN_SILENCE_MS)
      .max(MAX_SILENCE_MS)
      .optional()
      .meta({ description: 'Duration, ms, from a minute to 30 days.' }),
    until: z.iso
      .datetime({ offset: true })
      .optional()
      .meta({ description: 'Instead of `durationMs`: the end, at most 30 days ahead.' }),
    comment: z.string().min(1).max(512),
  })
  .refine(({ durationMs, until }) => (durationMs === undefined) !== (until === undefined), {
    error: 'a silence needs an end: give exactly one of durationMs and until',
    path: ['until'],
  })
  .meta({ id: 'SilenceRequest' });

export const SilenceSchema = z
  .object({
    id: z.string(),
    matchers: z.object({
      componentId: z.string().optional(),
      type: z.string().optional(),
      severity: IncidentSchema.shape.severity.optional(),
      failureType: FailureTypeSchema.optional(),
    }),
    comment: z.string(),
    createdBy: z.string().meta({ description: 'Name of the key that created the silence.' }),
    createdAt: TimestampSchema,
    until: TimestampSchema,
  })
  .meta({ id: 'Silence' });

export const SilencePageSchema = pageOf(SilenceSchema);
export type SilenceResource = z.infer<typeof SilenceSchema>;
