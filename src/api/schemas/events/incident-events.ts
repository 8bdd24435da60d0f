/** Events about what needs a person. */
import * as z from 'zod';
import { FAILURE_TYPES } from '../../../core/failure/classify.ts';
import { OPERATOR_REQUEST } from '../../../core/failure/failure-intake.ts';
import type { EventEntry } from './event-entry.ts';

const SUBJECT = 'the component';

const MovedSchema = z.looseObject({ incidentId: z.string().meta({ description: 'As in `GET /v1/incidents/{id}`.' }) });

const RaisedSchema = MovedSchema.extend({
  severity: z.enum(['warning', 'critical']),
  title: z.string(),
  summary: z.string(),
  recoveryId: z.string().meta({ description: 'The recovery that raised it.' }),
  componentType: z.string(),
  failureType: z.enum([...FAILURE_TYPES, OPERATOR_REQUEST]),
  repeats: z.int().meta({ description: 'Recoveries that failed since the one it was opened for.' }),
  path: z.string().meta({ description: 'Its path in the API.' }),
  link: z.string().meta({ description: 'Address for people; the path where no public address is set.' }),
});

const RAISED = {
  incidentId: 'i-r-task-router-1-7',
  severity: 'critical',
  title: 'task-router-1 needs a person',
  summary: 'nothing helped (connection_failure: 3 failures within 5 minutes)',
  recoveryId: 'r-task-router-1-7',
  componentType: 'task_router',
  failureType: 'connection_failure',
  repeats: 0,
  path: '/v1/incidents/i-r-task-router-1-7',
  link: 'https://coordinator.example.com/#incident-i-r-task-router-1-7',
} as const;

export const INCIDENT_EVENTS = {
  'incident.opened': {
    summary: 'An incident is opened, or an open one turns from warning to critical.',
    subject: SUBJECT,
    data: RaisedSchema,
    example: RAISED,
  },
  'incident.repeated': {
    summary: 'Another recovery ended without help while the incident is open.',
    subject: SUBJECT,
    data: RaisedSchema,
    example: { ...RAISED, recoveryId: 'r-task-router-1-9', repeats: 1 },
  },
  'incident.acknowledged': {
    summary: 'Somebody looks after it.',
    subject: SUBJECT,
    data: MovedSchema,
    example: { incidentId: RAISED.incidentId },
  },
  'incident.resolved': {
    summary: 'It is over: somebody said so, or the component is well or gone.',
    subject: SUBJECT,
    data: MovedSchema,
    example: { incidentId: RAISED.incidentId },
  },
} as const satisfies Record<string, EventEntry>;
