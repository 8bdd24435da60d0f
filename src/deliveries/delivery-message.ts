/** What the queue carries: only the id; the coordinator keeps the document. */
import * as z from 'zod';

export const DeliveryMessageSchema = z.object({ deliveryId: z.string().min(1).max(256) });
