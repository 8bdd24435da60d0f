/** Wire schemas of a redistribution of load: traffic shares before and after. */
import * as z from 'zod';
import { ComponentTypeSchema } from '../../core/component/registration.ts';

export const RedistributionRequestSchema = z
  .strictObject({ type: ComponentTypeSchema.optional().meta({ description: 'Default: all types.' }) })
  .meta({ id: 'RedistributionRequest' });

const ShareSchema = z.number().min(0).max(1);

export const RedistributionSchema = z
  .object({
    items: z.array(
      z.object({
        type: z.string(),
        revision: z.int().meta({ description: 'Revision of the type. Edges apply it within three seconds.' }),
        components: z.int(),
        movedShare: ShareSchema.meta({
          description: 'Share of all work that has moved since the last report, 0 to 1.',
        }),
        shares: z.array(z.object({ componentId: z.string(), before: ShareSchema, after: ShareSchema })).meta({
          description: 'Components whose share has changed since the last report, largest change first, at most 1 000.',
        }),
      }),
    ),
  })
  .meta({ id: 'Redistribution' });
