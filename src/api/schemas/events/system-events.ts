/** Events about the coordinator itself. */
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

export const SYSTEM_EVENTS = {
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
