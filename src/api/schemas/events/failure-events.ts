/** Events about failures of components. */
import * as z from 'zod';
import { FailureSchema } from '../failure.ts';
import type { EventEntry } from './event-entry.ts';

export const FAILURE_EVENTS = {
  'failure.recorded': {
    summary:
      'A failure of a component was recorded. One event stands for several failures if they come faster than the history ' +
      'takes them.',
    subject: 'the component',
    data: z.looseObject({
      componentType: z.string(),
      failureId: z.string(),
      failureType: FailureSchema.shape.failureType,
      source: FailureSchema.shape.source,
      code: z.string().nullable(),
      message: z.string(),
      occurrences: z.int().meta({ description: 'Number of failures that the event stands for.' }),
      recentFailures: z.int().meta({ description: 'Failures within `failureWindow` that count, including this one.' }),
      unconfirmedReports: z.int().meta({ description: 'Reports within `failureWindow` that nothing confirms.' }),
      threshold: z.int().meta({ description: 'A recovery begins at this number of recent failures.' }),
      drillId: z.string().nullable().meta({ description: 'Drill that injected the failure. Null: a real failure.' }),
    }),
    example: {
      componentType: 'task_router',
      failureId: 'f-5f2c',
      failureType: 'connection_failure',
      source: 'check',
      code: 'ECONNREFUSED',
      message: 'the connection was refused',
      occurrences: 1,
      recentFailures: 2,
      unconfirmedReports: 0,
      threshold: 3,
      drillId: null,
    },
  },
} as const satisfies Record<string, EventEntry>;
