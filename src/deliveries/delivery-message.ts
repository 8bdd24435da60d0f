/** Queue message of one delivery attempt. The coordinator stores the document itself. */
import * as z from 'zod';

export const DeliveryMessageSchema = z.object({
  deliveryId: z.string().min(1).max(512),
  attempt: z.int().min(1),
});
