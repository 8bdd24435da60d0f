/** What became of one candidate in a routing decision. */
import * as z from 'zod';

export const CandidateVerdictSchema = z.object({
  id: z.string(),
  verdict: z.enum(['chosen', 'considered', 'filtered']),
  rule: z.string().nullable(),
  reason: z.string().nullable(),
  score: z.number().nullable(),
});
