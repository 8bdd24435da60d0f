/** Schemas shared by several resources: problems, pages, timestamps. */
import * as z from 'zod';
import { ComponentIdSchema } from '../../core/component/registration.ts';
import { CandidateVerdictSchema } from './candidate-verdict.ts';

export const TimestampSchema = z.string().meta({ description: 'ISO 8601', format: 'date-time' });

const InstantSchema = z.iso.datetime({ offset: true });

/** `since` and `until` of a query. */
export const PeriodSchema = z.object({
  since: InstantSchema.optional().meta({ description: 'ISO 8601; that moment and later.' }),
  until: InstantSchema.optional().meta({ description: 'ISO 8601; before that moment.' }),
});

export const ProblemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().meta({ description: 'Stable; made for programs.' }),
    detail: z.string().optional(),
    instance: z.string().optional(),
    requestId: z.string().optional().meta({ description: 'The `x-request-id` of the answer.' }),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    candidates: z
      .array(CandidateVerdictSchema)
      .optional()
      .meta({ description: 'Routing only: why each of them was not chosen.' }),
    lastIndex: z
      .int()
      .nullable()
      .optional()
      .meta({ description: 'Snapshot only: the last index that is known, null for none.' }),
    oldest: z.string().optional().meta({ description: 'Events only: the first sequence that the log holds.' }),
    newest: z.string().optional().meta({ description: 'Events only: the last sequence of the log.' }),
    snapshot: z.string().optional().meta({ description: 'Events only: where the state as it is can be read.' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details.' });

export type Problem = z.infer<typeof ProblemSchema>;

export const IdParamSchema = z.object({ id: ComponentIdSchema });

export const PageQuerySchema = z.object({
  limit: z.coerce.number<string>().int().min(1).max(500).default(100).meta({ description: 'Items a page.' }),
  cursor: z.string().max(512).optional().meta({ description: '`nextCursor` of the page before.' }),
});

/** A page of `item`: `{ items, nextCursor }`. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });
