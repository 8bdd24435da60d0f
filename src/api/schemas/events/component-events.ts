/** Events about one component: its registration, health, place, work and dependencies. */
import * as z from 'zod';
import { TimestampSchema } from '../common.ts';
import { ComponentSchema, HealthStatusSchema, LifecycleSchema } from '../component.ts';
import type { EventEntry } from './event-entry.ts';

const SUBJECT = 'the component';
const TOLD_SUBJECT = 'the dependant; with `dependants` the component they depend on';

/** With the component as it is right after; of a removed one, as it was last. Nothing is added to the schema: the contract refers to it. */
const withComponent = <S extends z.ZodRawShape>(shape: S) => z.looseObject({ ...shape, component: ComponentSchema });

const RegisteredSchema = withComponent({});

const DependantsSchema = z
  .array(z.string())
  .max(500)
  .optional()
  .meta({ description: 'Ids; only where more than 20 are told alike, in as many events as that takes.' });

const DependencySchema = z.looseObject({
  dependency: z.string().meta({ description: 'Id of the dependency.' }),
  dependants: DependantsSchema,
});

const ReasonSchema = z.string().nullable().meta({ description: 'In words; null when nothing more is known.' });

export const COMPONENT_EVENTS = {
  'component.registered': {
    summary: 'It is registered for the first time, or again after its removal.',
    subject: SUBJECT,
    data: RegisteredSchema,
    example: {},
  },
  'component.updated': {
    summary: 'Its registration is another one now.',
    subject: SUBJECT,
    data: RegisteredSchema,
    example: {},
  },
  'component.unregistered': {
    summary: 'It is removed: by a call, after its draining, or because it was down for as long as its owner allowed.',
    subject: SUBJECT,
    data: withComponent({ type: z.string().meta({ description: 'Type of the component.' }) }),
    example: { type: 'task_router' },
  },
  'component.health-changed': {
    summary: 'Its status is another one now.',
    subject: SUBJECT,
    data: withComponent({ from: HealthStatusSchema, to: HealthStatusSchema, reason: ReasonSchema }),
    example: { from: 'healthy', to: 'unhealthy', reason: 'connection refused' },
  },
  'component.failed': {
    summary: 'It became unhealthy; follows `component.health-changed`.',
    subject: SUBJECT,
    data: withComponent({ reason: ReasonSchema }),
    example: { reason: 'connection refused' },
  },
  'component.recovered': {
    summary: 'It is unhealthy no more; follows `component.health-changed`.',
    subject: SUBJECT,
    data: withComponent({ to: HealthStatusSchema.exclude(['unhealthy']).meta({ id: undefined }) }),
    example: { to: 'healthy' },
  },
  'component.flapping': {
    summary: 'It fell so often that it is held down.',
    subject: SUBJECT,
    data: withComponent({
      falls: z.int().meta({ description: 'How often it fell within the window.' }),
      heldUntil: TimestampSchema.meta({ description: 'Until then, if it fails no more. ISO 8601' }),
    }),
    example: { falls: 3, heldUntil: '2026-11-29T14:03:10.000Z' },
  },
  'component.ejected': {
    summary: 'It failed at the work it was given, and gets none while others are left.',
    subject: SUBJECT,
    data: withComponent({
      reason: z.string(),
      ejectedUntil: TimestampSchema,
      times: z.int().meta({ description: 'How many times in short succession; each makes it longer.' }),
    }),
    example: { reason: '5 failures of work in a row', ejectedUntil: '2026-11-29T14:00:40.000Z', times: 1 },
  },
  'component.readmitted': {
    summary: 'The time of its ejection is over.',
    subject: SUBJECT,
    data: RegisteredSchema,
    example: {},
  },
  'component.lifecycle-changed': {
    summary: 'Somebody, a recovery or the end of a term moved it to another lifecycle state.',
    subject: SUBJECT,
    data: withComponent({
      from: LifecycleSchema,
      to: LifecycleSchema,
      until: TimestampSchema.nullable().meta({ description: 'When it ends by itself, or null. ISO 8601' }),
      reason: z.string().nullable().meta({ description: 'Why, as whoever asked for it said.' }),
    }),
    example: { from: 'active', to: 'maintenance', until: '2026-11-29T15:00:00.000Z', reason: 'new disk' },
  },
  'component.control-secret-rotated': {
    summary: 'A new secret signs the calls to its control endpoint. The event does not carry it.',
    subject: SUBJECT,
    data: z.looseObject({
      componentType: z.string(),
      previousUntil: TimestampSchema.nullable().meta({
        description: 'Until when the secret before it signs too; null when there was none. ISO 8601',
      }),
    }),
    example: { componentType: 'task_router', previousUntil: '2026-11-30T14:00:00.000Z' },
  },
  'component.dependency-available': {
    summary: 'A component it depends on was registered or recovered.',
    subject: TOLD_SUBJECT,
    data: DependencySchema,
    example: { dependency: 'database-1' },
  },
  'component.dependency-lost': {
    summary: 'A component it depends on failed or was removed.',
    subject: TOLD_SUBJECT,
    data: DependencySchema,
    example: { dependency: 'database-1' },
  },
  'component.root-cause-changed': {
    summary: 'What keeps it from working is another set of dependencies now.',
    subject: TOLD_SUBJECT,
    data: z.looseObject({
      rootCause: z.array(z.string()).meta({ description: 'Ids; empty when all it depends on is there.' }),
      dependants: DependantsSchema,
    }),
    example: { rootCause: ['database-1'] },
  },
} as const satisfies Record<string, EventEntry>;
