/** Events about rehearsed failures. */
import * as z from 'zod';
import { DRILL_WAYS } from '../../../core/drill/active-drill.ts';
import { DrillSchema } from '../drill.ts';
import type { EventEntry } from './event-entry.ts';

const SUBJECT = 'the component';

const drillId = z.string().meta({ description: 'As in `GET /v1/drills/{id}`.' });

export const DRILL_EVENTS = {
  'drill.began': {
    summary: 'A failure is injected from now on.',
    subject: SUBJECT,
    data: z.looseObject({
      drillId,
      componentType: z.string(),
      way: z.enum(DRILL_WAYS),
      execute: z.boolean().meta({ description: 'Whether its recovery really acts.' }),
    }),
    example: { drillId: 'd-5f2c', componentType: 'task_router', way: 'refuse', execute: false },
  },
  'drill.ended': {
    summary: 'It is over.',
    subject: SUBJECT,
    data: z.looseObject({
      drillId,
      componentType: z.string(),
      outcome: DrillSchema.shape.outcome.exclude(['running']),
      recoveryId: z.string().nullable().meta({ description: 'Null when it came to none.' }),
    }),
    example: { drillId: 'd-5f2c', componentType: 'task_router', outcome: 'proven', recoveryId: 'r-task-router-1-7' },
  },
} as const satisfies Record<string, EventEntry>;
