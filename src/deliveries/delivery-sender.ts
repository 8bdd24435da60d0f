/**
 * Stateless entrypoint that makes one attempt to deliver something, in an invocation of its own: begun it goes on behind
 * the answer, for as long as the receiver takes and no longer than its time.
 *
 * Owns no state and no judgement: the coordinator says whether the attempt is still to be made, and takes in what came of it.
 */
import { WorkerEntrypoint } from 'cloudflare:workers';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import type { AttemptOutcome } from '../core/delivery/delivery-attempt.ts';
import type { DeliveryJob, DeliveryOrder, DeliveryRunner, DryRunDelivery } from '../core/delivery/delivery-sending.ts';
import { outboundPolicyOf } from '../outbound/outbound-policy.ts';
import { sendWebhook } from './send-webhook.ts';

/** Between signs of life, while a receiver takes its time. */
const KEEP_EVERY_MS = 2_500;
/** A report that is not taken is made again after these pauses; then the attempt is lost, and repeated. */
const REPORT_AGAIN_MS = [200, 1_000, 3_000] as const;
/** Of what a receiver answers to a test. */
const MAX_ANSWER_BYTES = 1_024;

export class DeliverySender extends WorkerEntrypoint<Env> implements DeliveryRunner {
  async start(order: DeliveryOrder): Promise<void> {
    this.ctx.waitUntil(this.attempt(order));
  }

  async rehearse(job: DeliveryJob): Promise<DryRunDelivery> {
    return sendWebhook(job, outboundPolicyOf(this.env), MAX_ANSWER_BYTES);
  }

  private async attempt(order: DeliveryOrder): Promise<void> {
    try {
      const job = await coordinator().beginDelivery(order);
      if (!job) return;
      const keeping = setInterval(() => void keep(order), KEEP_EVERY_MS);
      const sent = await sendWebhook(job, outboundPolicyOf(this.env)).finally(() => clearInterval(keeping));
      const { answer: _, ...outcome } = sent;
      if (outcome.error !== null || outcome.status === null || outcome.status > 299) log(order, outcome);
      await report(order, outcome);
    } catch (error) {
      // Nobody reports it then: the coordinator repeats it when its time is over.
      console.error(JSON.stringify({ message: 'delivery lost', ...order, error: String(error) }));
    }
  }
}

async function keep(order: DeliveryOrder): Promise<void> {
  try {
    await coordinator().keepDelivery(order);
  } catch (error) {
    // The next one may get through; if none does, the attempt is repeated.
    console.error(JSON.stringify({ message: 'sign of life not taken', ...order, error: String(error) }));
  }
}

async function report(order: DeliveryOrder, outcome: AttemptOutcome): Promise<void> {
  for (const pause of REPORT_AGAIN_MS) {
    try {
      return await coordinator().reportDelivery(order, outcome);
    } catch (error) {
      console.error(JSON.stringify({ message: 'report of a delivery not taken', ...order, error: String(error) }));
      await scheduler.wait(pause);
    }
  }
  await coordinator().reportDelivery(order, outcome);
}

const log = ({ deliveryId, attempt }: DeliveryOrder, { status, error }: AttemptOutcome): void =>
  console.error(JSON.stringify({ message: 'not delivered', deliveryId, attempt, status, error }));
