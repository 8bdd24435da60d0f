/**
 * The only place in the Worker that fetches external URLs.
 *
 * Invariant: every URL is checked here again, even if it was checked when it was stored.
 * Invariant: redirects are not followed and are not successes.
 * Invariant: nothing is thrown; refusals and broken connections are results. The timeout starts with the request, and
 * counts only time in which this isolate ran.
 */
import { describeFetchError } from '../core/failure/classify.ts';
import type { FailureDetail } from '../core/health/health-state.ts';
import type { OutboundPolicy } from '../core/outbound/url-policy.ts';
import { judgeUrl } from '../core/outbound/url-policy.ts';
import { decompressed } from './decompressed.ts';
import type { BodySink } from './read-bounded.ts';
import { readBounded } from './read-bounded.ts';
import { RunningTimer } from './running-timer.ts';

export interface OutboundRequest {
  readonly url: string;
  readonly method: string;
  /** Covers the request, its repetition, and reading the response body. */
  readonly timeoutMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Receives the response body; without it the body is cancelled. */
  readonly sink?: BodySink;
  /** Ends the request early, as a timeout would. */
  readonly signal?: AbortSignal;
}

export type OutboundResponse =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly isSuccess: boolean;
      /** False when the platform cannot decode the `Content-Encoding`, so that the sink received nothing. */
      readonly isDecoded: boolean;
      /** Value of the `Retry-After` header, unparsed. */
      readonly retryAfter: string | null;
    }
  /**
   * `refused`: no request was made. `unanswered`: no complete response arrived in time. `late`: this isolate ran too
   * late to tell.
   */
  | { readonly kind: 'refused' | 'unanswered' | 'late'; readonly error: FailureDetail };

const USER_AGENT = 'arbiter-coordinator';

/**
 * A server that closes idle connections may close the one that carries the request (RFC 9112, section 9.3.1). The reset
 * then arrives within a round trip. A later reset has another cause.
 */
const STALE_CONNECTION_MS = 500;

/** Makes the request if `policy` allows it. `error.message` never contains text from the remote host. */
export async function fetchOutbound(request: OutboundRequest, policy: OutboundPolicy): Promise<OutboundResponse> {
  const verdict = judgeUrl(request.url, policy);
  if (!verdict.ok) return { kind: 'refused', error: { code: 'ENDPOINT_REFUSED', message: verdict.message } };
  const abort = new AbortController();
  let isLate = false;
  const timeout = new RunningTimer(request.timeoutMs, (late) => {
    isLate = late;
    abort.abort();
  });
  request.signal?.addEventListener('abort', () => abort.abort());
  try {
    const response = await fetchFresh(verdict.url, request, abort.signal);
    const body = request.sink && response.body ? decompressed(response) : null;
    const isDecoded = body !== null || !request.sink || !response.body;
    const { status, headers } = response;
    if (body && request.sink)
      await readBounded({ body, contentType: headers.get('content-type') }, request.sink, abort.signal);
    // An unread body keeps its connection slot. A failed cancellation does not matter.
    else response.body?.cancel().catch(() => undefined);
    const isSuccess = status >= 200 && status <= 299;
    return { kind: 'answered', status, isSuccess, isDecoded, retryAfter: headers.get('retry-after') };
  } catch (caught) {
    if (!abort.signal.aborted) return { kind: 'unanswered', error: describeFetchError(caught) };
    const error = { code: 'TIMEOUT', message: `no answer within ${request.timeoutMs} ms` };
    return { kind: isLate ? 'late' : 'unanswered', error };
  } finally {
    timeout.cancel();
  }
}

/** Repeats a GET or HEAD once, at once, when its connection was closed before any byte of a response. */
async function fetchFresh(url: URL, request: OutboundRequest, signal: AbortSignal): Promise<Response> {
  const { method, headers, body } = request;
  const send = (): Promise<Response> =>
    fetch(url, {
      method,
      redirect: 'manual',
      signal,
      headers: { ...headers, 'user-agent': USER_AGENT },
      ...(body === undefined ? {} : { body }),
    });
  const startedAt = Date.now();
  try {
    return await send();
  } catch (caught) {
    const isRepeatable = method === 'GET' || method === 'HEAD';
    const isStale = describeFetchError(caught).code === 'ECONNRESET' && Date.now() - startedAt < STALE_CONNECTION_MS;
    if (signal.aborted || !isRepeatable || !isStale) throw caught;
    return send();
  }
}
