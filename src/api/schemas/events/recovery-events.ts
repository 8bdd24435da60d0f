/** Events about what is done for a component that failed. */
import * as z from 'zod';
import { FAILURE_TYPES } from '../../../core/failure/classify.ts';
import { OPERATOR_REQUEST } from '../../../core/failure/failure-intake.ts';
import { TimestampSchema } from '../common.ts';
import { ActionSchema } from '../failure.ts';
import type { EventEntry } from './event-entry.ts';

const SUBJECT = 'the component';

const recoveryId = z.string().meta({ description: 'As in `GET /v1/recoveries/{id}`.' });

const endedAs = <const O extends readonly [string, ...string[]]>(outcomes: O) =>
  z.looseObject({ recoveryId, componentType: z.string(), outcome: z.enum(outcomes) });

export const RECOVERY_EVENTS = {
  'recovery.started': {
    summary: 'A recovery begins.',
    subject: SUBJECT,
    data: z.looseObject({
      recoveryId,
      componentType: z.string(),
      failureType: z.enum([...FAILURE_TYPES, OPERATOR_REQUEST]),
      reason: z.string(),
      deadline: TimestampSchema.meta({ description: 'It has ended by then at the latest. ISO 8601' }),
      drillId: z.string().nullable().meta({ description: 'The drill it belongs to; null when it is real.' }),
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
    summary: 'One of its actions was done, failed or was skipped.',
    subject: SUBJECT,
    data: z.looseObject({
      recoveryId,
      componentType: z.string(),
      position: z.int().meta({ description: 'Place in the plan, from 0.' }),
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
    summary: 'It is to end before its next action.',
    subject: SUBJECT,
    data: z.looseObject({ recoveryId, componentType: z.string() }),
    example: { recoveryId: 'r-task-router-1-7', componentType: 'task_router' },
  },
  'recovery.succeeded': {
    summary: 'It ended, and the component is proven to be well.',
    subject: SUBJECT,
    data: endedAs(['successful']),
    example: { recoveryId: 'r-task-router-1-7', componentType: 'task_router', outcome: 'successful' },
  },
  'recovery.failed': {
    summary: 'It ended without help, or took too long.',
    subject: SUBJECT,
    data: endedAs(['failed', 'timeout']),
    example: { recoveryId: 'r-task-router-1-7', componentType: 'task_router', outcome: 'failed' },
  },
  'recovery.cancelled': {
    summary: 'It ended because somebody cancelled it, the component went, or something else is at fault.',
    subject: SUBJECT,
    data: endedAs(['cancelled', 'suppressed']),
    example: { recoveryId: 'r-task-router-1-7', componentType: 'task_router', outcome: 'cancelled' },
  },
} as const satisfies Record<string, EventEntry>;
