/**
 * Asks a component's control endpoint for an action. 2xx accepts; anything else, a redirect included,
 * is a refusal the caller may retry with the same idempotency key.
 */
import type { EndpointPolicy } from '../core/component/endpoint-policy.ts';
import { judgeEndpoint } from '../core/component/endpoint-policy.ts';
import { describeFetchError } from '../core/failure/classify.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';

export interface ControlRequest {
  readonly action: 'restart' | 'scale_up';
  readonly componentId: string;
  readonly recoveryId: string;
  /** The same for every attempt of one action: the receiver acts once. */
  readonly idempotencyKey: string;
  readonly reason: string;
  readonly parameters: Readonly<Record<string, never>>;
}

const TIMEOUT_MS = 10_000;

export async function callControl(
  url: string,
  request: ControlRequest,
  policy: EndpointPolicy,
): Promise<Result<{ status: number }, 'not-accepted'>> {
  const endpoint = judgeEndpoint(url, policy);
  if (!endpoint.ok) return fail('not-accepted', `control endpoint: ${endpoint.message}`);
  try {
    const response = await fetch(endpoint.url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        'content-type': 'application/json',
        'user-agent': 'arbiter-coordinator',
        'idempotency-key': request.idempotencyKey,
      },
      body: JSON.stringify(request),
    });
    await response.body?.cancel();
    return response.ok
      ? ok({ status: response.status })
      : fail('not-accepted', `control endpoint answered HTTP ${response.status}`);
  } catch (thrown) {
    const timedOut = thrown instanceof Error && thrown.name === 'TimeoutError';
    const error = timedOut
      ? { code: 'TIMEOUT', message: `no answer within ${TIMEOUT_MS} ms` }
      : describeFetchError(thrown);
    return fail('not-accepted', `control endpoint: ${error.code}, ${error.message}`);
  }
}
