/**
 * Sends one document to a webhook, signed as Standard Webhooks 1.0 (`webhook-id`, `webhook-timestamp`,
 * `webhook-signature`). The id is the delivery's, the same at every attempt. Redirects are refused.
 */
import { Webhook } from 'standardwebhooks';
import type { EndpointPolicy } from '../core/component/endpoint-policy.ts';
import { judgeEndpoint } from '../core/component/endpoint-policy.ts';
import { describeFetchError } from '../core/failure/classify.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';

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
  policy: EndpointPolicy,
  now: number,
): Promise<Result<{ status: number }, 'not-delivered'>> {
  const endpoint = judgeEndpoint(call.url, policy);
  if (!endpoint.ok) return fail('not-delivered', endpoint.message);
  try {
    const signature = new Webhook(call.secret).sign(call.deliveryId, new Date(now), call.payload);
    const response = await fetch(endpoint.url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        'content-type': 'application/cloudevents+json',
        'user-agent': 'arbiter-coordinator',
        'webhook-id': call.deliveryId,
        'webhook-timestamp': String(Math.floor(now / 1_000)),
        'webhook-signature': signature,
      },
      body: call.payload,
    });
    await response.body?.cancel();
    return response.ok ? ok({ status: response.status }) : fail('not-delivered', `answered HTTP ${response.status}`);
  } catch (thrown) {
    const { code, message } = describeFetchError(thrown);
    return fail('not-delivered', `${code}: ${message}`);
  }
}
