/**
 * The queue's consumer: has each attempt begun in an invocation of its own and waits for none of them, so that a receiver
 * that is slow keeps no message behind it waiting.
 *
 * The coordinator is the record: a message that comes twice begins nothing twice, and one that is lost, or ends in the
 * dead-letter queue because nothing could be begun, is handed over again by the coordinator when its time is over.
 */
import { exports } from 'cloudflare:workers';
import type { DeliveryRunner } from '../core/delivery/delivery-sending.ts';
import { DeliveryMessageSchema } from './delivery-message.ts';

const entrypoints = exports as unknown as { readonly DeliverySender: DeliveryRunner };

const DEAD_LETTERS = '-dead';
const RETRY_S = 5;

export async function consumeDeliveries(batch: MessageBatch): Promise<void> {
  const isDead = batch.queue.endsWith(DEAD_LETTERS);
  if (isDead) batch.messages.forEach(bury);
  else await Promise.all(batch.messages.map(begin));
}

async function begin(message: Message): Promise<void> {
  const order = DeliveryMessageSchema.safeParse(message.body);
  // Not ours: nobody could ever deliver it.
  if (!order.success) return message.ack();
  try {
    await entrypoints.DeliverySender.start(order.data);
    message.ack();
  } catch (error) {
    console.error(JSON.stringify({ message: 'delivery not begun', ...order.data, error: String(error) }));
    message.retry({ delaySeconds: RETRY_S });
  }
}

function bury(message: Message): void {
  console.error(
    JSON.stringify({ message: 'delivery could not be begun, it is handed over again', body: message.body }),
  );
  message.ack();
}
