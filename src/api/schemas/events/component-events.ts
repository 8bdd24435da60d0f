/** Events about one component: its registration, health, lifecycle, work and dependencies. */
import * as z from 'zod';
import { TimestampSchema } from '../common.ts';
import { ComponentSchema, HealthStatusSchema, LifecycleSchema } from '../component.ts';
import type { EventEntry } from './event-entry.ts';

const SUBJECT = 'the component';
const DEPENDANT_SUBJECT = 'the dependant; with `dependants`, the component on which they depend';

/**
 * Adds the component as it is after the event; for a removed component, its last state. The component schema is used
 * without changes, so that the contract can refer to it.
 */
const withComponent = <S extends z.ZodRawShape>(shape: S) => z.looseObject({ ...shape, component: ComponentSchema });

const RegisteredSchema = withComponent({});

const DependantsSchema = z.array(z.string()).max(500).optional().meta({
  description: 'Ids of the dependants. Only if the event concerns more than 20; then one event has up to 500 of them.',
});

const DependencySchema = z.looseObject({
  dependency: z.string().meta({ description: 'Id of the dependency.' }),
  dependants: DependantsSchema,
});

const ReasonSchema = z.string().nullable().meta({ description: 'Reason as text; null if unknown.' });

export const COMPONENT_EVENTS = {
  'component.registered': {
    summary: 'A component was registered for the first time, or again after its removal.',
    subject: SUBJECT,
    data: RegisteredSchema,
    example: {},
  },
  'component.updated': {
    summary: 'The registration of a component changed.',
    subject: SUBJECT,
    data: RegisteredSchema,
    example: {},
  },
  'component.unregistered': {
    summary:
      'A component was removed: by a call, at the end of draining, or because it was unhealthy for `deregisterAfter`.',
    subject: SUBJECT,
    data: withComponent({ type: z.string().meta({ description: 'Type of the component.' }) }),
    example: { type: 'task_router' },
  },
  'component.health-changed': {
    summary: 'The health status of a component changed.',
    subject: SUBJECT,
    data: withComponent({
      from: HealthStatusSchema,
      to: HealthStatusSchema,
      reason: ReasonSchema,
      mergedChanges: z.int().optional().meta({
        description:
          'Earlier changes of status that this event stands for: the component changed faster than the log shows. Absent for none.',
      }),
    }),
    example: { from: 'healthy', to: 'unhealthy', reason: 'connection refused' },
  },
  'component.failed': {
    summary: 'A component became unhealthy. Follows `component.health-changed`.',
    subject: SUBJECT,
    data: withComponent({ reason: ReasonSchema }),
    example: { reason: 'connection refused' },
  },
  'component.recovered': {
    summary: 'A component is no longer unhealthy. Follows `component.health-changed`.',
    subject: SUBJECT,
    data: withComponent({ to: HealthStatusSchema.exclude(['unhealthy']).meta({ id: undefined }) }),
    example: { to: 'healthy' },
  },
  'component.flapping': {
    summary: 'A component became unhealthy so often that flap damping holds it out of routing.',
    subject: SUBJECT,
    data: withComponent({
      falls: z.int().meta({ description: 'Number of falls within `flapWindow`.' }),
      heldUntil: TimestampSchema.meta({
        description: 'End of the hold if the component does not fail again. ISO 8601',
      }),
    }),
    example: { falls: 3, heldUntil: '2026-11-29T14:03:10.000Z' },
  },
  'component.ejected': {
    summary: 'A component failed at its work and was ejected: it gets no work while better candidates are left.',
    subject: SUBJECT,
    data: withComponent({
      reason: z.string(),
      ejectedUntil: TimestampSchema,
      ejectionCount: z.int().meta({ description: 'Number of ejections in short succession. Each one lasts longer.' }),
    }),
    example: { reason: '5 failures of work in a row', ejectedUntil: '2026-11-29T14:00:40.000Z', ejectionCount: 1 },
  },
  'component.readmitted': {
    summary: 'The ejection of a component ended.',
    subject: SUBJECT,
    data: RegisteredSchema,
    example: {},
  },
  'component.lifecycle-changed': {
    summary: 'An operator, a recovery or the end of a period changed the lifecycle state of a component.',
    subject: SUBJECT,
    data: withComponent({
      from: LifecycleSchema,
      to: LifecycleSchema,
      until: TimestampSchema.nullable().meta({
        description: 'Time at which the state ends by itself, or null. ISO 8601',
      }),
      reason: z.string().nullable().meta({ description: 'Reason as given with the request; null without one.' }),
    }),
    example: { from: 'active', to: 'maintenance', until: '2026-11-29T15:00:00.000Z', reason: 'new disk' },
  },
  'component.control-secret-rotated': {
    summary: 'A new secret signs the calls to the control endpoint of a component. The event does not contain it.',
    subject: SUBJECT,
    data: z.looseObject({
      componentType: z.string(),
      previousUntil: TimestampSchema.nullable().meta({
        description: 'Until then the previous secret signs too. Null if there was none. ISO 8601',
      }),
    }),
    example: { componentType: 'task_router', previousUntil: '2026-11-30T14:00:00.000Z' },
  },
  'component.dependency-available': {
    summary: 'A dependency of a component was registered or recovered.',
    subject: DEPENDANT_SUBJECT,
    data: DependencySchema,
    example: { dependency: 'database-1' },
  },
  'component.dependency-lost': {
    summary: 'A dependency of a component failed or was removed.',
    subject: DEPENDANT_SUBJECT,
    data: DependencySchema,
    example: { dependency: 'database-1' },
  },
  'component.root-cause-changed': {
    summary: 'The set of failed dependencies that keep a component from working changed.',
    subject: DEPENDANT_SUBJECT,
    data: z.looseObject({
      rootCause: z
        .array(z.string())
        .meta({ description: 'Ids of the failed dependencies. Empty if all dependencies are available.' }),
      dependants: DependantsSchema,
    }),
    example: { rootCause: ['database-1'] },
  },
} as const satisfies Record<string, EventEntry>;
