/**
 * The queue's consumer: delivers what is still owed, asks for another try when the receiver does not
 * take it, and writes down as dead what the dead-letter queue hands over.
 *
 * A message may come twice: what is settled is acknowledged and not sent again.
 */
import { coordinator } from '../coordinator/coordinator-api.ts';
import { outboundPolicyOf } from '../outbound/outbound-policy.ts';
import { DeliveryMessageSchema } from './delivery-message.ts';
import { sendWebhook } from './send-webhook.ts';

const DEAD_LETTERS = '-dead';
/** Pauses before further attempts, seconds: the schedule that Standard Webhooks suggests, shortened to the queue's retries. */
const RETRY_AFTER_S = [5, 30, 120, 300, 900, 1_800, 3_600, 7_200] as const;

export async function consumeDeliveries(batch: MessageBatch, env: Env, now: number): Promise<void> {
  const isDead = batch.queue.endsWith(DEAD_LETTERS);
  await Promise.all(batch.messages.map((message) => (isDead ? bury(message) : deliver(message, env, now))));
}

async function deliver(message: Message, env: Env, now: number): Promise<void> {
  const parsed = DeliveryMessageSchema.safeParse(message.body);
  // Not ours: nobody could ever deliver it.
  if (!parsed.success) return message.ack();
  const { deliveryId } = parsed.data;
  const delivery = await coordinator().delivery(deliveryId);
  if (delivery?.state !== 'owed') return message.ack();
  const call = { url: env.ALERT_WEBHOOK_URL, secret: env.ALERT_WEBHOOK_SECRET, deliveryId, payload: delivery.payload };
  const sent = await sendWebhook(call, outboundPolicyOf(env), now);
  if (sent.ok) {
    await coordinator().settleDelivery(deliveryId, 'delivered', null);
    return message.ack();
  }
  console.error(
    JSON.stringify({ message: 'alert not delivered', deliveryId, attempt: message.attempts, error: sent.message }),
  );
  const delaySeconds = RETRY_AFTER_S[Math.min(message.attempts, RETRY_AFTER_S.length) - 1] ?? 5;
  await coordinator().postponeDelivery(deliveryId, now + delaySeconds * 1_000);
  message.retry({ delaySeconds });
}

async function bury(message: Message): Promise<void> {
  const parsed = DeliveryMessageSchema.safeParse(message.body);
  if (parsed.success) await coordinator().settleDelivery(parsed.data.deliveryId, 'dead', 'every attempt failed');
  message.ack();
}
