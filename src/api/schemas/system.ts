/** Wire schemas of system health and event pages. */
import * as z from 'zod';
import { AvailabilitySchema } from './availability.ts';
import { TimestampSchema, pageOf } from './common.ts';
import { HealthStatusSchema } from './component.ts';
import { EventSchema } from './events/cloud-event.ts';

const CountsSchema = z.object({
  total: z.int(),
  healthy: z.int(),
  degraded: z.int(),
  unhealthy: z.int(),
  unknown: z.int(),
});

export const SystemHealthSchema = z
  .object({
    status: HealthStatusSchema,
    components: CountsSchema,
    byType: z.record(
      z.string(),
      CountsSchema.extend({
        status: HealthStatusSchema,
        routable: z.int().meta({ description: 'Components that may get work now.' }),
        availability: AvailabilitySchema.meta({
          description: 'Percent of the time with known components in which at least one could get work.',
        }),
      }),
    ),
    lastUpdate: TimestampSchema.nullable(),
    stale: z.boolean().meta({
      description: 'True: the coordinator is unreachable, and the state is `ageMs` old.',
    }),
    ageMs: z.int(),
    issues: z.array(
      z.object({
        severity: z.enum(['warning', 'critical']),
        code: z.enum([
          'component-unhealthy',
          'component-degraded',
          'component-unreadable',
          'type-unavailable',
          'dependency-unavailable',
          'self-doubt',
          'capacity-exhausted',
          'registry-silent',
          'history-unavailable',
          'recovery-frozen',
          'webhook-failing',
          'coordinator-unreachable',
        ]),
        message: z.string(),
        type: z.string().nullable().meta({ description: 'Null if the issue belongs to no single type.' }),
        componentId: z.string().nullable(),
        since: TimestampSchema,
        affects: z.int().meta({
          description: 'Components that cannot work because of this issue. The list has no separate issues for them.',
        }),
      }),
    ),
  })
  .meta({ id: 'SystemHealth' });

export type SystemHealthResource = z.infer<typeof SystemHealthSchema>;

export const EventPageSchema = pageOf(EventSchema);
