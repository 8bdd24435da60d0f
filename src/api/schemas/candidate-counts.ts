/** Wire schema of the components of a type by state. */
import * as z from 'zod';

export const CandidateCountsSchema = z
  .object({
    total: z.int(),
    healthy: z.int(),
    degraded: z.int(),
    unhealthy: z.int(),
    unknown: z.int(),
    standby: z.int(),
    draining: z.int(),
    maintenance: z.int(),
    isolated: z.int(),
  })
  .meta({
    description:
      'Routing only: components of the type. Those in service count by status, the others by lifecycle; together they ' +
      'are `total`.',
  });
