/**
 * Stateless entrypoint that makes one delivery attempt in its own invocation. `start` returns at once, and the attempt
 * continues until the receiver responds or the timeout expires.
 *
 * Owns no state and makes no decisions: the coordinator decides whether to make the attempt, and applies the outcome.
 * Invariant: a sender stops before the coordinator repeats its attempt, so that two attempts do not overlap.
 */
import { WorkerEntrypoint } from 'cloudflare:workers';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import type { DeliveryOutcome } from '../core/delivery/delivery-attempt.ts';
import type { DeliveryJob, DeliveryOrder, DeliveryRunner, DryRunDelivery } from '../core/delivery/delivery-contract.ts';
import { ATTEMPT_LEASE_MS } from '../core/delivery/delivery-contract.ts';
import { outboundPolicyOf } from '../outbound/outbound-policy.ts';
import { sendWebhook } from './send-webhook.ts';
import { logError } from '../logging/log-error.ts';

/** Interval of the keep-alive calls to the coordinator while the receiver has not responded. */
const KEEP_ALIVE_INTERVAL_MS = 2_500;
/** Pauses before each retry of a failed report. After the last retry the coordinator treats the attempt as lost. */
const REPORT_RETRY_PAUSES_MS = [200, 1_000, 3_000] as const;
/** Bytes of the receiver's response that a dry run returns. */
const MAX_RESPONSE_BYTES = 1_024;

export class DeliverySender extends WorkerEntrypoint<Env> implements DeliveryRunner {
  async start(order: DeliveryOrder): Promise<void> {
    this.ctx.waitUntil(this.attempt(order));
  }

  async dryRun(job: DeliveryJob): Promise<DryRunDelivery> {
    return sendWebhook(job, outboundPolicyOf(this.env), { maxBodyBytes: MAX_RESPONSE_BYTES });
  }

  private async attempt(order: DeliveryOrder): Promise<void> {
    try {
      const startedAt = Date.now();
      const job = await coordinator().beginDelivery(order);
      if (!job) return;
      const lost = new AbortController();
      const stop = keepAlive(order, startedAt, () => lost.abort());
      const sent = await sendWebhook(job, outboundPolicyOf(this.env), { signal: lost.signal }).finally(stop);
      // The coordinator repeats the attempt, or has done so.
      if (lost.signal.aborted) return;
      const { response: _, ...outcome } = sent;
      if (outcome.error !== null || outcome.status === null || outcome.status > 299) logFailure(order, outcome);
      await report(order, outcome);
    } catch (error) {
      // Without a report, the coordinator repeats the attempt after its time has expired.
      logError('delivery lost', { ...order, error });
    }
  }
}

/**
 * Extends the attempt's lease (`startedAt` is epoch ms) until the returned function is called. Calls `onLost` when the
 * attempt is no longer current, or its lease is about to end.
 */
function keepAlive(order: DeliveryOrder, startedAt: number, onLost: () => void): () => void {
  let leaseEndsAt = startedAt + ATTEMPT_LEASE_MS;
  const timer = setInterval(() => {
    // A suspended sender may wake after its lease.
    if (Date.now() + KEEP_ALIVE_INTERVAL_MS > leaseEndsAt) return onLost();
    void extend();
  }, KEEP_ALIVE_INTERVAL_MS);
  const extend = async (): Promise<void> => {
    const now = Date.now();
    try {
      if (await coordinator().extendDelivery(order)) leaseEndsAt = now + ATTEMPT_LEASE_MS;
      else onLost();
    } catch (error) {
      // The next call may succeed. If all fail, the lease ends.
      logError('keep-alive of a delivery failed', { ...order, error });
    }
  };
  return () => clearInterval(timer);
}

async function report(order: DeliveryOrder, outcome: DeliveryOutcome): Promise<void> {
  for (const pause of REPORT_RETRY_PAUSES_MS) {
    try {
      return await coordinator().reportDelivery(order, outcome);
    } catch (error) {
      logError('report of a delivery failed', { ...order, error });
      await scheduler.wait(pause);
    }
  }
  await coordinator().reportDelivery(order, outcome);
}

const logFailure = ({ deliveryId, attempt }: DeliveryOrder, { status, error }: DeliveryOutcome): void =>
  logError('not delivered', { deliveryId, attempt, status, error });
