/** Wire schema of one candidate of a routing decision. */
import * as z from 'zod';

export const CandidateVerdictSchema = z.object({
  id: z.string(),
  verdict: z.enum(['chosen', 'considered', 'filtered']),
  rule: z.string().nullable(),
  reason: z.string().nullable(),
  score: z.number().nullable(),
  parts: z
    .record(z.string(), z.number())
    .nullable()
    .meta({ description: 'Named parts of the score. Their sum is `score`.' }),
});
