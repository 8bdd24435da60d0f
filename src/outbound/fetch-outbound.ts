/**
 * The one way out: the only place in the Worker that fetches anything that is not ours.
 *
 * Every URL is judged here again, whatever was judged when it was stored. No redirect is followed, and none is a
 * success. Nothing is thrown: a refusal and a broken connection are answers too. The clock starts when the
 * request does.
 */
import { describeFetchError } from '../core/failure/classify.ts';
import type { FailureDetail } from '../core/health/health-state.ts';
import type { OutboundPolicy } from '../core/outbound/url-policy.ts';
import { judgeUrl } from '../core/outbound/url-policy.ts';
import { readBounded } from './read-bounded.ts';

export interface OutboundRequest {
  readonly url: string;
  readonly method: string;
  /** Until the answer is read as far as `maxBodyBytes`. */
  readonly timeoutMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** How much of the answer's body is read; the rest is cancelled. Default: nothing. */
  readonly maxBodyBytes?: number;
}

export type OutboundResponse =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly isSuccess: boolean;
      readonly body: string;
      /** As it was sent. */
      readonly retryAfter: string | null;
    }
  /** Refused: no request was made. Unanswered: it was, without an answer in time. */
  | { readonly kind: 'refused' | 'unanswered'; readonly error: FailureDetail };

const USER_AGENT = 'arbiter-coordinator';

/** Makes the request if `policy` lets it out. `error.message` holds nothing that the other side wrote. */
export async function fetchOutbound(request: OutboundRequest, policy: OutboundPolicy): Promise<OutboundResponse> {
  const { method, timeoutMs, headers, body, maxBodyBytes = 0 } = request;
  const judged = judgeUrl(request.url, policy);
  if (!judged.ok) return { kind: 'refused', error: { code: 'ENDPOINT_REFUSED', message: judged.message } };
  const abort = new AbortController();
  const timeout = setTimeout(() => abort.abort(), timeoutMs);
  try {
    const response = await fetch(judged.url, {
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
  } catch (thrown) {
    const error = abort.signal.aborted
      ? { code: 'TIMEOUT', message: `no answer within ${timeoutMs} ms` }
      : describeFetchError(thrown);
    return { kind: 'unanswered', error };
  } finally {
    clearTimeout(timeout);
  }
}
