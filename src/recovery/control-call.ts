/**
 * Asks a component's control endpoint for an action, signed so that it knows who asks. 2xx accepts; anything
 * else, a redirect included, is a refusal the caller may retry with the same idempotency key.
 */
import type { ControlAction } from '../core/component/control-action.ts';
import type { JsonObject } from '../core/json.ts';
import type { OutboundPolicy } from '../core/outbound/url-policy.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { fetchOutbound } from '../outbound/fetch-outbound.ts';
import { sign } from '../outbound/sign.ts';

export interface ControlRequest {
  readonly action: ControlAction;
  readonly componentId: string;
  readonly recoveryId: string;
  /** The same for every attempt of one action: the receiver acts once. */
  readonly idempotencyKey: string;
  readonly reason: string;
  /** As the policy says. */
  readonly parameters: JsonObject;
}

export interface ControlCall {
  readonly url: string;
  /** `whsec_…`, the newest first: the call carries a signature by each. */
  readonly secrets: readonly string[];
  readonly request: ControlRequest;
}

const TIMEOUT_MS = 10_000;

export async function callControl(
  call: ControlCall,
  policy: OutboundPolicy,
  now: number,
): Promise<Result<{ status: number }, 'not-accepted'>> {
  const { idempotencyKey } = call.request;
  const body = JSON.stringify(call.request);
  const signed = sign({ id: idempotencyKey, payload: body, secrets: call.secrets }, now);
  if (!signed.ok) return fail('not-accepted', `control endpoint not called: ${signed.message}`);
  const headers = { 'content-type': 'application/json', 'idempotency-key': idempotencyKey, ...signed.value };
  const answer = await fetchOutbound({ url: call.url, method: 'POST', timeoutMs: TIMEOUT_MS, headers, body }, policy);
  if (answer.kind !== 'answered') {
    return fail('not-accepted', `control endpoint: ${answer.error.code}, ${answer.error.message}`);
  }
  return answer.isSuccess
    ? ok({ status: answer.status })
    : fail('not-accepted', `control endpoint answered HTTP ${answer.status}`);
}
