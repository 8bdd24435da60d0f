/** Wire schemas of outcomes that callers report for edge-routed work. */
import * as z from 'zod';
import { WORK_OUTCOMES } from '../../core/component/work-outcome.ts';
import { MAX_OUTCOMES } from '../../core/vital/work-report.ts';
import { WarningsSchema } from './common.ts';

export const LatencySchema = z.number().nullable().meta({
  description: 'Duration of the work, 0 to 86 400 000 ms. Any other value is ignored, and `warnings` names it.',
});

export const OutcomesSchema = z
  .array(
    z.object({
      outcome: z.enum(WORK_OUTCOMES),
      latencyMs: LatencySchema.optional(),
      inFlight: z.number().nullable().optional().meta({
        description: 'Work in flight that the component reported after this work. Clamped to 0 to 1 000 000.',
      }),
    }),
  )
  .min(1)
  .max(MAX_OUTCOMES)
  .meta({ id: 'Outcomes', description: 'An outcome that cannot be read does not count, and refuses no other.' });

export const OutcomesReceiptSchema = z
  .object({ accepted: z.int().meta({ description: 'Outcomes that count.' }), warnings: WarningsSchema })
  .meta({ id: 'OutcomesReceipt' });
