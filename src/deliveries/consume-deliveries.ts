/**
 * Queue consumer for deliveries. Each attempt starts in an invocation of its own, and the consumer waits for none, so a
 * slow receiver delays no other message.
 *
 * The coordinator owns the state. A duplicate message starts nothing. The coordinator queues an attempt again after its
 * time has expired if its message was lost or ended in the dead-letter queue.
 */
import { exports } from 'cloudflare:workers';
import type { DeliveryRunner } from '../core/delivery/delivery-contract.ts';
import { DeliveryMessageSchema } from './delivery-message.ts';
import { logError } from '../logging/log-error.ts';

const entrypoints = exports as unknown as { readonly DeliverySender: DeliveryRunner };

const DEAD_LETTER_SUFFIX = '-dead';
const RETRY_S = 5;

export async function consumeDeliveries(batch: MessageBatch): Promise<void> {
  const isDead = batch.queue.endsWith(DEAD_LETTER_SUFFIX);
  if (isDead) batch.messages.forEach(logDeadLetter);
  else await Promise.all(batch.messages.map(startAttempt));
}

async function startAttempt(message: Message): Promise<void> {
  const order = DeliveryMessageSchema.safeParse(message.body);
  // A malformed message can never be delivered, so a retry is useless.
  if (!order.success) return message.ack();
  try {
    await entrypoints.DeliverySender.start(order.data);
    message.ack();
  } catch (error) {
    logError('delivery attempt not started', { ...order.data, error });
    message.retry({ delaySeconds: RETRY_S });
  }
}

function logDeadLetter(message: Message): void {
  logError('delivery attempt could not be started, the coordinator will queue it again', { body: message.body });
  message.ack();
}
