/**
 * Sends one document to a webhook, signed as Standard Webhooks 1.0. The id is the delivery's, the same at every
 * attempt. Only 2xx takes it.
 */
import type { OutboundPolicy } from '../core/outbound/url-policy.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { fetchOutbound } from '../outbound/fetch-outbound.ts';
import { sign } from '../outbound/sign.ts';

export interface WebhookCall {
  readonly url: string;
  /** `whsec_` and base64. */
  readonly secret: string;
  readonly deliveryId: string;
  readonly payload: string;
}

const TIMEOUT_MS = 15_000;

export async function sendWebhook(
  call: WebhookCall,
  policy: OutboundPolicy,
  now: number,
): Promise<Result<{ status: number }, 'not-delivered'>> {
  const { url, deliveryId, payload: body } = call;
  const signed = sign({ id: deliveryId, payload: body, secrets: [call.secret] }, now);
  if (!signed.ok) return fail('not-delivered', signed.message);
  const headers = { 'content-type': 'application/cloudevents+json', ...signed.value };
  const answer = await fetchOutbound({ url, method: 'POST', timeoutMs: TIMEOUT_MS, headers, body }, policy);
  if (answer.kind !== 'answered') return fail('not-delivered', `${answer.error.code}: ${answer.error.message}`);
  return answer.isSuccess ? ok({ status: answer.status }) : fail('not-delivered', `answered HTTP ${answer.status}`);
}
