/** Events about a type as a whole, and about the coordinator itself. */
import * as z from 'zod';
import { TimestampSchema } from '../common.ts';
import type { EventEntry } from './event-entry.ts';

const SUBJECT = 'the type';

const DoubtSchema = z.looseObject({
  type: z.string().meta({ description: 'The same as the subject.' }),
  mode: z.enum(['auto', 'always', 'never']).meta({ description: '`selfDoubt` of its configuration.' }),
  well: z.int().meta({ description: 'Components that were well before, those in trouble included.' }),
  troubled: z.int().meta({ description: 'Those of them that seem to fail now.' }),
});

const DOUBT = { type: 'task_router', mode: 'auto', well: 8, troubled: 7 } as const;

const ShareSchema = z.number().min(0).max(1);

const RedistributedSchema = z.looseObject({
  type: z.string().meta({ description: 'The same as the subject.' }),
  reason: z.enum(['membership', 'routability', 'room', 'asked']).meta({
    description: 'Who is a member, who may be given work, or how much; `asked` by `POST /v1/load/redistribute`.',
  }),
  revision: z.int().meta({ description: 'Of the type.' }),
  components: z.int().meta({ description: 'Of the type.' }),
  moved: ShareSchema.meta({ description: 'Part of all work that goes to others than before.' }),
  changed: z.int().meta({ description: 'Components whose share is another.' }),
  shares: z
    .array(z.object({ componentId: z.string(), before: ShareSchema, after: ShareSchema }))
    .max(50)
    .meta({ description: 'The largest changes first, at most fifty.' }),
});

export const SYSTEM_EVENTS = {
  'load.redistributed': {
    summary:
      'Work of a type is shared out anew: what changed within a second, or longer while it goes on, is one event.',
    subject: SUBJECT,
    data: RedistributedSchema,
    example: {
      type: 'task_router',
      reason: 'routability',
      revision: 318,
      components: 2,
      moved: 0.5,
      changed: 2,
      shares: [
        { componentId: 'task-router-1', before: 0.5, after: 1 },
        { componentId: 'task-router-2', before: 0.5, after: 0 },
      ],
    },
  },
  'system.self-doubt-began': {
    summary: 'Most of a type seems to fail at once and no witness is seen either: its statuses are kept.',
    subject: SUBJECT,
    data: DoubtSchema,
    example: DOUBT,
  },
  'system.self-doubt-ended': {
    summary: 'What is seen of the type is believed again.',
    subject: SUBJECT,
    data: DoubtSchema.extend({ since: TimestampSchema.meta({ description: 'When it began. ISO 8601' }) }),
    example: { ...DOUBT, troubled: 0, since: '2026-11-29T14:00:00.000Z' },
  },
} as const satisfies Record<string, EventEntry>;
