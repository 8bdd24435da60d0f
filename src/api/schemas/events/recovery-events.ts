/** Events about recoveries. */
import * as z from 'zod';
import { FAILURE_TYPES } from '../../../core/failure/classify.ts';
import { OPERATOR_REQUEST } from '../../../core/failure/failure-manager-api.ts';
import { TimestampSchema } from '../common.ts';
import { ActionSchema } from '../failure.ts';
import type { EventEntry } from './event-entry.ts';

const SUBJECT = 'the component';

const recoveryId = z.string().meta({ description: 'Id for `GET /v1/recoveries/{id}`.' });

const endedWith = <const O extends readonly [string, ...string[]]>(outcomes: O) =>
  z.looseObject({
    recoveryId,
    componentType: z.string(),
    outcome: z.enum(outcomes),
    durationMs: z.int().meta({ description: 'From the start of the recovery to its end, ms.' }),
    actions: z.int().meta({ description: 'Number of actions that the recovery performed, failed ones included.' }),
    error: z.string().nullable().meta({
      description: 'Why the last action did not help, as text. Null unless the recovery failed or timed out.',
    }),
  });

export const RECOVERY_EVENTS = {
  'recovery.started': {
    summary: 'A recovery began.',
    subject: SUBJECT,
    data: z.looseObject({
      recoveryId,
      componentType: z.string(),
      failureType: z.enum([...FAILURE_TYPES, OPERATOR_REQUEST]),
      reason: z.string(),
      deadline: TimestampSchema.meta({ description: 'The recovery ends by then at the latest. ISO 8601' }),
      drillId: z.string().nullable().meta({ description: 'Drill that caused the recovery. Null: a real failure.' }),
    }),
    example: {
      recoveryId: 'r-task-router-1-7',
      componentType: 'task_router',
      failureType: 'connection_failure',
      reason: '3 failures within 5 minutes',
      deadline: '2026-11-29T14:10:00.000Z',
      drillId: null,
    },
  },
  'recovery.action': {
    summary: 'An action of a recovery succeeded, failed or was skipped.',
    subject: SUBJECT,
    data: z.looseObject({
      recoveryId,
      componentType: z.string(),
      position: z.int().meta({ description: 'Position in the plan, from 0.' }),
      action: ActionSchema,
      status: z.enum(['running', 'done', 'failed', 'skipped']),
      detail: z.string().nullable(),
      attempts: z.int(),
    }),
    example: {
      recoveryId: 'r-task-router-1-7',
      componentType: 'task_router',
      position: 0,
      action: 'restart',
      status: 'done',
      detail: 'answered 200',
      attempts: 1,
    },
  },
  'recovery.cancel-requested': {
    summary: 'An operator requested the cancellation of a recovery, which ends before its next action.',
    subject: SUBJECT,
    data: z.looseObject({ recoveryId, componentType: z.string() }),
    example: { recoveryId: 'r-task-router-1-7', componentType: 'task_router' },
  },
  'recovery.succeeded': {
    summary: 'A recovery ended, and checks verified the component. `not-needed`: it worked again before any action.',
    subject: SUBJECT,
    data: endedWith(['successful', 'not-needed']),
    example: {
      recoveryId: 'r-task-router-1-7',
      componentType: 'task_router',
      outcome: 'successful',
      durationMs: 12_400,
      actions: 1,
      error: null,
    },
  },
  'recovery.failed': {
    summary: 'A recovery ended without success, or timed out.',
    subject: SUBJECT,
    data: endedWith(['failed', 'timeout']),
    example: {
      recoveryId: 'r-task-router-1-7',
      componentType: 'task_router',
      outcome: 'failed',
      durationMs: 128_000,
      actions: 2,
      error: 'restart: control endpoint answered HTTP 500',
    },
  },
  'recovery.cancelled': {
    summary:
      'A recovery was cancelled by an operator, by the removal of the component, or because a dependency is the cause.',
    subject: SUBJECT,
    data: endedWith(['cancelled', 'suppressed']),
    example: {
      recoveryId: 'r-task-router-1-7',
      componentType: 'task_router',
      outcome: 'cancelled',
      durationMs: 3_100,
      actions: 0,
      error: null,
    },
  },
} as const satisfies Record<string, EventEntry>;
