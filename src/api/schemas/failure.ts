/** Wire schemas of failures, recoveries and incidents. */
import * as z from 'zod';
import { BUCKETS } from '../../core/failure/bucket-range.ts';
import { FAILURE_TYPES } from '../../core/failure/classify.ts';
import { OPERATOR_REQUEST } from '../../core/failure/failure-manager-api.ts';
import { RECOVERY_ACTIONS } from '../../core/failure/recovery-policy.ts';
import { ALERT_PRIORITIES } from '../../core/incident/alert-route.ts';
import { ResponseObjectSchema } from '../../core/json-schema.ts';
import {
  MAX_CODE_CHARACTERS,
  MAX_CONTEXT_CHARACTERS,
  MAX_MESSAGE_CHARACTERS,
} from '../../core/vital/failure-report.ts';
import { PageQuerySchema, PeriodSchema, TimestampSchema, WarningsSchema, pageOf } from './common.ts';

export const FailureTypeSchema = z.enum(FAILURE_TYPES).meta({ id: 'FailureType' });

/** Hypothetical failure of a preview. */
export const ErrorSchema = z.strictObject({
  code: z.string().min(1).max(MAX_CODE_CHARACTERS).optional(),
  message: z.string().min(1).max(MAX_MESSAGE_CHARACTERS),
});

/** Failure as described by a caller, read by `core/vital/failure-report.ts`. */
export const ReportedErrorSchema = z.union([
  z.string(),
  z.object({
    code: z
      .union([z.string(), z.number()])
      .nullable()
      .optional()
      .meta({ description: `Cut to ${MAX_CODE_CHARACTERS} characters.` }),
    name: z.string().nullable().optional().meta({ description: 'Class of the error, instead of a code.' }),
    message: z
      .string()
      .nullable()
      .optional()
      .meta({ description: `Cut to ${MAX_MESSAGE_CHARACTERS} characters. Default: the code.` }),
  }),
]);

export const FailureReportSchema = z
  .object({
    error: ReportedErrorSchema,
    context: ResponseObjectSchema.nullable()
      .optional()
      .meta({
        description: `Free-form, at most ${MAX_CONTEXT_CHARACTERS} characters of JSON and 32 deep; otherwise ignored.`,
      }),
  })
  .meta({ id: 'FailureReport', description: 'Only a missing `error` refuses a report.' });

export const FailureReceiptSchema = z
  .object({
    failureId: z.string().meta({ description: 'Record of the failure. Reports beyond the budget of rows share one.' }),
    failureType: FailureTypeSchema,
    recentFailures: z.int().meta({
      description:
        'Failures of the component within `failureWindow`. While its checks pass, five reports count as one failure, ' +
        'until a failed check or callers with three different keys confirm them.',
    }),
    unconfirmedReports: z.int().meta({ description: 'Reports within `failureWindow` that nothing confirms.' }),
    threshold: z.int(),
    recoveryId: z.string().nullable(),
    warnings: WarningsSchema,
  })
  .meta({ id: 'FailureReceipt' });

const FailureSourceSchema = z.enum(['check', 'heartbeat', 'report']);

const FailureFilterSchema = z.object({
  componentId: z.string().max(128).optional(),
  componentType: z.string().max(64).optional(),
  failureType: FailureTypeSchema.optional(),
  source: FailureSourceSchema.optional().meta({ description: 'Origin of the failure.' }),
  ...PeriodSchema.shape,
});

export const FailureQuerySchema = PageQuerySchema.extend(FailureFilterSchema.shape);

export const FailureStatsQuerySchema = FailureFilterSchema.extend({
  bucket: z.enum(BUCKETS).optional().meta({
    description:
      'Also counts failures per bucket, at most 500. Without `since`: the last 60 minutes, 48 hours or 30 days.',
  }),
});

export const FailureSchema = z
  .object({
    id: z.string(),
    componentId: z.string(),
    componentType: z.string(),
    failureType: FailureTypeSchema,
    source: FailureSourceSchema,
    code: z.string().nullable(),
    message: z.string(),
    context: ResponseObjectSchema.nullable(),
    rootCause: z.array(z.string()).meta({
      description:
        'Dependencies that were down at that time. No recovery of the component begins before they are available.',
    }),
    drillId: z.string().nullable().meta({ description: 'Drill that injected the failure. Null: a real failure.' }),
    occurredAt: TimestampSchema.meta({ description: 'Time of the first failure that the record stands for.' }),
    occurrences: z.int().meta({
      description:
        'Failures that the record stands for. Above 1: reports beyond the budget of rows, merged by component, key and type.',
    }),
    lastOccurredAt: TimestampSchema.meta({ description: 'Time of the last failure that the record stands for.' }),
  })
  .meta({ id: 'Failure' });

export const FailurePageSchema = pageOf(FailureSchema);
export type FailureResource = z.infer<typeof FailureSchema>;

export const FailureStatsSchema = z
  .object({
    totalFailures: z.int(),
    activeRecoveries: z.int(),
    recentFailures: z.int().meta({ description: 'Failures within `failureWindow`.' }),
    failuresLastHour: z.int().meta({ description: 'Failures within the last hour.' }),
    byComponent: z.record(z.string(), z.int()),
    byType: z.record(z.string(), z.int()),
    byFailureType: z.record(z.string(), z.int()),
    buckets: z
      .array(z.object({ start: TimestampSchema, failures: z.int(), byFailureType: z.record(z.string(), z.int()) }))
      .meta({ description: 'Only with `bucket`. Oldest first, including buckets without failures.' }),
  })
  .meta({ id: 'FailureStats' });

export const RECOVERY_STATUSES = [
  'running',
  'successful',
  'not-needed',
  'failed',
  'timeout',
  'cancelled',
  'suppressed',
] as const;

export const ActionSchema = z.enum(RECOVERY_ACTIONS);

const AttemptSchema = z
  .object({ at: TimestampSchema, durationMs: z.int(), ok: z.boolean(), detail: z.string() })
  .meta({ id: 'ActionAttempt' });

export const PlannedActionSchema = z
  .object({
    action: ActionSchema,
    attempts: z.int(),
    backoffMs: z.int(),
    verifyMs: z.int(),
    parameters: ResponseObjectSchema.optional(),
    durationMs: z.int().optional(),
    target: z.string().optional().meta({ description: 'Webhook that receives the alert. Absent: every channel.' }),
    priority: z.enum(ALERT_PRIORITIES).optional(),
    note: z
      .string()
      .nullable()
      .meta({ description: 'Why this action replaces another one. Null if it replaces none.' }),
    impossible: z
      .string()
      .nullable()
      .meta({ description: 'Why the action fails without an attempt. Null if it is possible.' }),
  })
  .meta({ id: 'PlannedAction' });

const RecoveryActionSchema = z.object({
  position: z.int(),
  action: ActionSchema,
  status: z.enum(['running', 'done', 'failed', 'skipped']),
  attempts: z.int(),
  responses: z.array(AttemptSchema).meta({ description: 'Response to each attempt so far.' }),
  detail: z.string().nullable(),
  startedAt: TimestampSchema,
  finishedAt: TimestampSchema.nullable(),
  verification: z.enum(['none', 'running', 'proven', 'unproven']),
});

export const RecoverySchema = z
  .object({
    id: z.string(),
    componentId: z.string(),
    componentType: z.string(),
    failureType: z
      .enum([...FAILURE_TYPES, OPERATOR_REQUEST])
      .meta({ description: '`operator_request`: an operator requested the action without a failure.' }),
    failureId: z.string().meta({ description: 'Empty for `operator_request`.' }),
    status: z.enum(RECOVERY_STATUSES),
    reason: z.string(),
    startedAt: TimestampSchema,
    deadline: TimestampSchema,
    finishedAt: TimestampSchema.nullable(),
    durationMs: z.int().nullable().meta({ description: 'From start to end, ms. Null while the recovery runs.' }),
    error: z.string().nullable().meta({
      description: 'Why the last action of a `failed` or `timeout` recovery did not help. Null for any other status.',
    }),
    plan: z
      .array(PlannedActionSchema)
      .meta({ description: 'Fixed at the start. Later configuration changes do not affect it.' }),
    actions: z.array(RecoveryActionSchema).meta({ description: 'Actions so far, with their results.' }),
    incidentId: z.string().nullable(),
    drillId: z.string().nullable().meta({ description: 'Drill that caused the recovery. Null: a real failure.' }),
  })
  .meta({ id: 'Recovery' });

export const RecoveryPageSchema = pageOf(RecoverySchema);
export type RecoveryResource = z.infer<typeof RecoverySchema>;

export const IncidentSchema = z
  .object({
    id: z.string(),
    status: z.enum(['open', 'acknowledged', 'resolved']),
    severity: z.enum(['warning', 'critical']),
    priority: z.enum(ALERT_PRIORITIES).nullable().meta({
      description: 'Highest priority that an `alert` action of a recovery policy gave. Null: none gave one.',
    }),
    title: z.string(),
    summary: z.string(),
    componentId: z.string(),
    componentType: z.string(),
    failureType: z.string().nullable(),
    recoveryId: z.string().nullable().meta({ description: 'Last recovery that raised the incident.' }),
    repeats: z.int().meta({ description: 'Number of failed recoveries after the one that opened the incident.' }),
    silencedUntil: TimestampSchema.nullable().meta({
      description: 'Until then silences mute all alerts of the incident. Null: not muted.',
    }),
    openedAt: TimestampSchema,
    acknowledgedAt: TimestampSchema.nullable(),
    resolvedAt: TimestampSchema.nullable(),
  })
  .meta({ id: 'Incident' });

export const IncidentPageSchema = pageOf(IncidentSchema);
export type IncidentResource = z.infer<typeof IncidentSchema>;
