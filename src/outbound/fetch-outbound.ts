/**
 * The only place in the Worker that fetches external URLs.
 *
 * Invariant: every URL is checked here again, even if it was checked when it was stored.
 * Invariant: redirects are not followed and are not successes.
 * Invariant: nothing is thrown; refusals and broken connections are results. The timeout starts with the request.
 */
import { describeFetchError } from '../core/failure/classify.ts';
import type { FailureDetail } from '../core/health/health-state.ts';
import type { OutboundPolicy } from '../core/outbound/url-policy.ts';
import { judgeUrl } from '../core/outbound/url-policy.ts';
import { readBounded } from './read-bounded.ts';

export interface OutboundRequest {
  readonly url: string;
  readonly method: string;
  /** Covers the request and reading `maxBodyBytes` of the response body. */
  readonly timeoutMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Bytes of the response body to read; the rest is cancelled. Default: 0. */
  readonly maxBodyBytes?: number;
  /** Ends the request early, as a timeout would. */
  readonly signal?: AbortSignal;
}

export type OutboundResponse =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly isSuccess: boolean;
      readonly body: string;
      /** Value of the `Retry-After` header, unparsed. */
      readonly retryAfter: string | null;
    }
  /** `refused`: no request was made. `unanswered`: no complete response arrived in time. */
  | { readonly kind: 'refused' | 'unanswered'; readonly error: FailureDetail };

const USER_AGENT = 'arbiter-coordinator';

/** Makes the request if `policy` allows it. `error.message` never contains text from the remote host. */
export async function fetchOutbound(request: OutboundRequest, policy: OutboundPolicy): Promise<OutboundResponse> {
  const { method, timeoutMs, headers, body, maxBodyBytes = 0 } = request;
  const verdict = judgeUrl(request.url, policy);
  if (!verdict.ok) return { kind: 'refused', error: { code: 'ENDPOINT_REFUSED', message: verdict.message } };
  const abort = new AbortController();
  const timeout = setTimeout(() => abort.abort(), timeoutMs);
  request.signal?.addEventListener('abort', () => abort.abort());
  try {
    const response = await fetch(verdict.url, {
      method,
      redirect: 'manual',
      signal: abort.signal,
      headers: { ...headers, 'user-agent': USER_AGENT },
      ...(body === undefined ? {} : { body }),
    });
    const { status } = response;
    const text = await readBounded(response, maxBodyBytes, abort.signal);
    const retryAfter = response.headers.get('retry-after');
    return { kind: 'answered', status, isSuccess: status >= 200 && status <= 299, body: text, retryAfter };
  } catch (caught) {
    const error = abort.signal.aborted
      ? { code: 'TIMEOUT', message: `no answer within ${timeoutMs} ms` }
      : describeFetchError(caught);
    return { kind: 'unanswered', error };
  } finally {
    clearTimeout(timeout);
  }
}
