/** Events about drills. */
import * as z from 'zod';
import { DRILL_MODES } from '../../../core/drill/active-drill.ts';
import { DrillSchema } from '../drill.ts';
import type { EventEntry } from './event-entry.ts';

const SUBJECT = 'the component';

const drillId = z.string().meta({ description: 'Id for `GET /v1/drills/{id}`.' });

export const DRILL_EVENTS = {
  'drill.began': {
    summary: 'A drill started to inject a failure.',
    subject: SUBJECT,
    data: z.looseObject({
      drillId,
      componentType: z.string(),
      fault: z.enum(DRILL_MODES),
      execute: z.boolean().meta({ description: 'True: the recovery performs its actions. False: dry run.' }),
    }),
    example: { drillId: 'd-5f2c', componentType: 'task_router', fault: 'refuse', execute: false },
  },
  'drill.ended': {
    summary: 'A drill ended.',
    subject: SUBJECT,
    data: z.looseObject({
      drillId,
      componentType: z.string(),
      outcome: DrillSchema.shape.outcome.exclude(['running']),
      recoveryId: z.string().nullable().meta({ description: 'Recovery of the drill. Null if none began.' }),
    }),
    example: { drillId: 'd-5f2c', componentType: 'task_router', outcome: 'proven', recoveryId: 'r-task-router-1-7' },
  },
} as const satisfies Record<string, EventEntry>;
