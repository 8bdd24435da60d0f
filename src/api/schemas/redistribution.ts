/** Work shared out anew: what was asked, and who gets which part of it now. */
import * as z from 'zod';
import { ComponentTypeSchema } from '../../core/component/registration.ts';

export const RedistributionRequestSchema = z
  .strictObject({ type: ComponentTypeSchema.optional().meta({ description: 'Without it, all types.' }) })
  .meta({ id: 'RedistributionRequest' });

const ShareSchema = z.number().min(0).max(1);

export const RedistributionSchema = z
  .object({
    items: z.array(
      z.object({
        type: z.string(),
        revision: z.int().meta({ description: 'Of the type, by which edges go within three seconds.' }),
        components: z.int(),
        moved: ShareSchema.meta({ description: 'Part of all work that goes to others than was told last.' }),
        shares: z.array(z.object({ componentId: z.string(), before: ShareSchema, after: ShareSchema })).meta({
          description: 'Those whose share is another than was told last, the largest change first, at most a thousand.',
        }),
      }),
    ),
  })
  .meta({ id: 'Redistribution' });
