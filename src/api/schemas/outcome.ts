/** What callers report of edge-routed work. */
import * as z from 'zod';
import { WORK_OUTCOMES } from '../../core/component/work-outcome.ts';

export const LatencySchema = z.number().min(0).max(86_400_000).meta({ description: 'How long the work took, ms.' });

export const OutcomesSchema = z
  .array(
    z.strictObject({
      outcome: z.enum(WORK_OUTCOMES),
      latencyMs: LatencySchema.optional(),
      inFlight: z
        .int()
        .min(0)
        .max(1_000_000)
        .optional()
        .meta({ description: 'Work that the component said it has in flight after this.' }),
    }),
  )
  .min(1)
  .max(500)
  .meta({ id: 'Outcomes' });

export const OutcomesReceiptSchema = z.object({ taken: z.int() }).meta({ id: 'OutcomesReceipt' });
