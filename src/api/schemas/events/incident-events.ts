/** Events about incidents. */
import * as z from 'zod';
import { FAILURE_TYPES } from '../../../core/failure/classify.ts';
import { ALERT_PRIORITIES } from '../../../core/incident/alert-route.ts';
import { OPERATOR_REQUEST } from '../../../core/failure/failure-manager-api.ts';
import type { EventEntry } from './event-entry.ts';

const SUBJECT = 'the component';

const IncidentRefSchema = z.looseObject({
  incidentId: z.string().meta({ description: 'Id for `GET /v1/incidents/{id}`.' }),
});

const RaisedSchema = IncidentRefSchema.extend({
  severity: z.enum(['warning', 'critical']),
  priority: z
    .enum(ALERT_PRIORITIES)
    .nullable()
    .meta({ description: 'Highest priority that an `alert` action gave. Null: none gave one.' }),
  title: z.string(),
  summary: z.string(),
  recoveryId: z.string().meta({ description: 'Recovery that raised the incident.' }),
  componentType: z.string(),
  failureType: z.enum([...FAILURE_TYPES, OPERATOR_REQUEST]),
  repeats: z.int().meta({ description: 'Number of failed recoveries after the one that opened the incident.' }),
  path: z.string().meta({ description: 'Path of the incident in the API.' }),
  link: z
    .string()
    .meta({ description: 'URL of the incident in the dashboard. The path if no public URL is configured.' }),
});

const RAISED_EXAMPLE = {
  incidentId: 'i-r-task-router-1-7',
  severity: 'critical',
  priority: 'high',
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
    summary:
      'An incident was opened, or an open incident became critical, got a higher priority or a further receiver.',
    subject: SUBJECT,
    data: RaisedSchema,
    example: RAISED_EXAMPLE,
  },
  'incident.repeated': {
    summary: 'Another recovery failed while the incident was open.',
    subject: SUBJECT,
    data: RaisedSchema,
    example: { ...RAISED_EXAMPLE, recoveryId: 'r-task-router-1-9', repeats: 1 },
  },
  'incident.acknowledged': {
    summary: 'An operator acknowledged an incident.',
    subject: SUBJECT,
    data: IncidentRefSchema,
    example: { incidentId: RAISED_EXAMPLE.incidentId },
  },
  'incident.resolved': {
    summary: 'An incident was resolved: by an operator, or because the component recovered or was removed.',
    subject: SUBJECT,
    data: IncidentRefSchema,
    example: { incidentId: RAISED_EXAMPLE.incidentId },
  },
} as const satisfies Record<string, EventEntry>;
