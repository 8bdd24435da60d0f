/** Events about a type as a whole. */
import * as z from 'zod';
import { TimestampSchema } from '../common.ts';
import type { EventEntry } from './event-entry.ts';

const SUBJECT = 'the type';

const SelfDoubtSchema = z.looseObject({
  type: z.string().meta({ description: 'Equals `subject`.' }),
  mode: z.enum(['auto', 'always', 'never']).meta({ description: 'Setting `selfDoubt` of the type.' }),
  healthyBefore: z.int().meta({ description: 'Components that were healthy before, including the failing ones.' }),
  failing: z.int().meta({ description: 'Components of those that seem to fail now.' }),
});

const SELF_DOUBT_EXAMPLE = { type: 'task_router', mode: 'auto', healthyBefore: 8, failing: 7 } as const;

const ShareSchema = z.number().min(0).max(1);

const RedistributedSchema = z.looseObject({
  type: z.string().meta({ description: 'Equals `subject`.' }),
  reason: z.enum(['membership', 'routability', 'capacity', 'requested']).meta({
    description:
      'Change of the members, of their routability or of their capacity. `requested`: by `POST /v1/load/redistribute`.',
  }),
  revision: z.int().meta({ description: 'Revision of the type.' }),
  components: z.int().meta({ description: 'Number of components of the type.' }),
  movedShare: ShareSchema.meta({ description: 'Share of all work that moved to other components, 0 to 1.' }),
  changed: z.int().meta({ description: 'Number of components with a changed share.' }),
  shares: z
    .array(z.object({ componentId: z.string(), before: ShareSchema, after: ShareSchema }))
    .max(50)
    .meta({ description: 'The largest changes first, at most 50.' }),
});

export const SYSTEM_EVENTS = {
  'load.redistributed': {
    summary:
      'The traffic shares of a type changed: a component joined, left, degraded, failed or came back, or capacity ' +
      'changed. One event covers the changes of a second, or more while they continue.',
    subject: SUBJECT,
    data: RedistributedSchema,
    example: {
      type: 'task_router',
      reason: 'routability',
      revision: 318,
      components: 2,
      movedShare: 0.5,
      changed: 2,
      shares: [
        { componentId: 'task-router-1', before: 0.5, after: 1 },
        { componentId: 'task-router-2', before: 0.5, after: 0 },
      ],
    },
  },
  'system.self-doubt-began': {
    summary: 'Most components of a type seem to fail at once, and so do the canaries: the statuses are kept.',
    subject: SUBJECT,
    data: SelfDoubtSchema,
    example: SELF_DOUBT_EXAMPLE,
  },
  'system.self-doubt-ended': {
    summary: 'Check results of the type apply again.',
    subject: SUBJECT,
    data: SelfDoubtSchema.extend({ since: TimestampSchema.meta({ description: 'Start of the self-doubt. ISO 8601' }) }),
    example: { ...SELF_DOUBT_EXAMPLE, failing: 0, since: '2026-11-29T14:00:00.000Z' },
  },
} as const satisfies Record<string, EventEntry>;
