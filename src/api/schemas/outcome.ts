/** Wire schemas of outcomes that callers report for edge-routed work. */
import * as z from 'zod';
import { WORK_OUTCOMES } from '../../core/component/work-outcome.ts';

export const LatencySchema = z.number().min(0).max(86_400_000).meta({ description: 'Duration of the work, ms.' });

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
        .meta({ description: 'Work in flight that the component reported after this work.' }),
    }),
  )
  .min(1)
  .max(500)
  .meta({ id: 'Outcomes' });

export const OutcomesReceiptSchema = z.object({ accepted: z.int() }).meta({ id: 'OutcomesReceipt' });
