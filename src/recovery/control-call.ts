/**
 * Requests an action from the control endpoint of a component or from the controller of its type. The request is
 * signed, so that the receiver can authenticate it. Only a 2xx response accepts the action. Any other response,
 * redirects included, is a refusal. The caller may repeat a refused request with the same idempotency key.
 */
import type { ControlAction } from '../core/component/control-action.ts';
import type { RecoveryTrigger } from '../core/failure/failure-manager-api.ts';
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
  /** The same for every attempt at one action, so that the receiver acts only once. */
  readonly idempotencyKey: string;
  /** The class of the failure, or `operator_request`. */
  readonly reason: RecoveryTrigger;
  /** The failure as text, for people and logs. */
  readonly detail: string;
  /** From the recovery policy. */
  readonly parameters: JsonObject;
}

export interface ControlCall {
  readonly url: string;
  /** Each secret is `whsec_` followed by base64; newest first. The call has one signature per secret. */
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
  const response = await fetchOutbound({ url: call.url, method: 'POST', timeoutMs: TIMEOUT_MS, headers, body }, policy);
  if (response.kind !== 'answered') {
    return fail('not-accepted', `control endpoint: ${response.error.code}, ${response.error.message}`);
  }
  return response.isSuccess
    ? ok({ status: response.status })
    : fail('not-accepted', `control endpoint answered HTTP ${response.status}`);
}
