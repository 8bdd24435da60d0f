/** Wire schemas shared by several resources: problems, pages, timestamps. */
import * as z from 'zod';
import { ComponentIdSchema } from '../../core/component/registration.ts';
import { CandidateCountsSchema } from './candidate-counts.ts';
import { CandidateVerdictSchema } from './candidate-verdict.ts';

export const TimestampSchema = z.string().meta({ description: 'ISO 8601', format: 'date-time' });

const InstantSchema = z.iso.datetime({ offset: true });

export const PeriodSchema = z.object({
  since: InstantSchema.optional().meta({ description: 'Only entries at or after this time, ISO 8601.' }),
  until: InstantSchema.optional().meta({ description: 'Only entries before this time, ISO 8601.' }),
});

export const ProblemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().meta({ description: 'Stable identifier for programs.' }),
    detail: z.string().optional(),
    instance: z.string().optional(),
    requestId: z.string().optional().meta({ description: '`x-request-id` of the response.' }),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    requestType: z
      .string()
      .optional()
      .meta({ description: 'Routing only: the request type, if the request named one.' }),
    componentType: z.string().optional().meta({ description: 'Routing only: the component type of the request.' }),
    components: CandidateCountsSchema.optional(),
    candidates: z
      .array(CandidateVerdictSchema)
      .optional()
      .meta({ description: 'Routing only: each candidate with the reason why it was not chosen.' }),
    lastIndex: z
      .int()
      .nullable()
      .optional()
      .meta({ description: 'Snapshot only: last known index; null if none is known.' }),
    oldest: z.string().optional().meta({ description: 'Events only: first sequence in the log.' }),
    newest: z.string().optional().meta({ description: 'Events only: last sequence in the log.' }),
    snapshot: z
      .string()
      .optional()
      .meta({ description: 'Events only: path from which the current state can be read.' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details.' });

export type Problem = z.infer<typeof ProblemSchema>;

const WarningSchema = z.object({ path: z.string(), message: z.string() }).meta({ id: 'Warning' });

/** Parts of a vital message that the coordinator clamped, cut or ignored. The message itself counts. */
export const WarningsSchema = z.array(WarningSchema).optional().meta({
  description: 'What was clamped, cut or ignored in the request, at most 100 entries. Absent if nothing was.',
});

export const IfMatchSchema = z.object({
  'if-match': z
    .string()
    .optional()
    .meta({ description: 'ETag of the version to change, or `*` for any. Another current version is a 412.' }),
});

export const IfNoneMatchSchema = z.object({
  'if-none-match': z.string().optional().meta({ description: 'Only `*`: an existing resource is a 412.' }),
});

export const ConditionsSchema = IfMatchSchema.extend(IfNoneMatchSchema.shape);

/**
 * An integer in a path or a query, in decimal digits. Any other text is refused: the empty text is no 0.
 */
export const integerText = (min: number, max: number = Number.MAX_SAFE_INTEGER) =>
  z.preprocess(
    (value) => (typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value),
    z
      .int({ error: `expected an integer from ${min} to ${max}` })
      .min(min)
      .max(max),
  );

export const IdParamSchema = z.object({ id: ComponentIdSchema });

export const PageQuerySchema = z.object({
  limit: integerText(1, 500).default(100).meta({ description: 'Maximum number of items per page.' }),
  cursor: z.string().min(1).max(512).optional().meta({ description: '`nextCursor` of the previous page.' }),
});

/** Schema of a page: `{ items, nextCursor }`. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });
