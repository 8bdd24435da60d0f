/**
 * Sends one document to a webhook, signed as Standard Webhooks 1.0, and returns the outcome. The message id is the
 * delivery's id, so it is the same at every attempt. Never throws.
 */
import type { DeliveryJob, DryRunDelivery } from '../core/delivery/delivery-contract.ts';
import { readRetryAfter } from '../core/delivery/retry-schedule.ts';
import type { OutboundPolicy } from '../core/outbound/url-policy.ts';
import { fetchOutbound } from '../outbound/fetch-outbound.ts';
import { sign } from '../outbound/sign.ts';
import { TextSink } from '../outbound/text-sink.ts';

const TIMEOUT_MS = 15_000;

interface SendOptions {
  /** Bytes of the response body to return; none by default. */
  readonly maxBodyBytes?: number;
  /** Ends the attempt early. */
  readonly signal?: AbortSignal;
}

export async function sendWebhook(
  job: DeliveryJob,
  policy: OutboundPolicy,
  { maxBodyBytes = 0, signal }: SendOptions = {},
): Promise<DryRunDelivery> {
  const { id, url, payload: body, contentType, secrets } = job;
  const at = Date.now();
  const outcome = (
    status: number | null,
    error: string | null,
    overrides: Partial<DryRunDelivery> = {},
  ): DryRunDelivery => ({
    at,
    durationMs: Date.now() - at,
    status,
    error,
    retryAfterMs: null,
    response: '',
    ...overrides,
  });
  const signed = sign({ id, payload: body, secrets }, at);
  if (!signed.ok) return outcome(null, signed.message);
  const headers = { 'content-type': contentType, ...signed.value };
  const sink = new TextSink(maxBodyBytes);
  const request = {
    url,
    method: 'POST',
    timeoutMs: TIMEOUT_MS,
    headers,
    body,
    sink,
    ...(signal ? { signal } : {}),
  };
  const response = await fetchOutbound(request, policy);
  if (response.kind !== 'answered') return outcome(null, `${response.error.code}: ${response.error.message}`);
  const retryAfterMs = readRetryAfter(response.retryAfter, Date.now());
  return outcome(response.status, null, { retryAfterMs, response: sink.text });
}
