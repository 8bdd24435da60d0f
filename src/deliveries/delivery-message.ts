/** What the queue carries: only which attempt of which delivery; the coordinator keeps the document. */
import * as z from 'zod';

export const DeliveryMessageSchema = z.object({
  deliveryId: z.string().min(1).max(512),
  attempt: z.int().min(1),
});
