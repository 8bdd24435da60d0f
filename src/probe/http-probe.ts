/**
 * One health-check request over HTTP: the only place that fetches a health endpoint.
 *
 * Reads at most 64 KiB and cancels the rest, follows no redirect, and never throws: whatever goes
 * wrong is an outcome. The clock starts when the request does.
 */
import { describeFetchError } from '../core/failure/classify.ts';
import type { AttemptOutcome } from '../core/health/check.ts';
import { readHealthResponse } from '../core/health/read-response.ts';
import type { EndpointPolicy } from '../core/component/endpoint-policy.ts';
import { judgeEndpoint } from '../core/component/endpoint-policy.ts';

export interface HttpProbe {
  readonly url: string;
  readonly method: string;
  readonly timeoutMs: number;
  readonly degradedAfterMs: number;
  readonly suspicionMs: number;
}

const MAX_BODY_BYTES = 65_536;

/** Makes the request; calls `onUnanswered` once if it is still open after the suspicion time. */
export async function probeHttp(
  probe: HttpProbe,
  policy: EndpointPolicy,
  onUnanswered: () => void,
): Promise<AttemptOutcome> {
  const startedAt = Date.now();
  const elapsed = (): number => Date.now() - startedAt;
  const endpoint = judgeEndpoint(probe.url, policy);
  if (!endpoint.ok) {
    return {
      kind: 'failed',
      error: { code: 'ENDPOINT_REFUSED', message: endpoint.message },
      responseTimeMs: 0,
      details: null,
    };
  }
  const abort = new AbortController();
  const suspicion = setTimeout(onUnanswered, probe.suspicionMs);
  const timeout = setTimeout(() => abort.abort(), probe.timeoutMs);
  try {
    const response = await fetch(endpoint.url, {
      method: probe.method,
      redirect: 'manual',
      signal: abort.signal,
      headers: {
        accept: 'application/health+json, application/json, text/plain;q=0.8, */*;q=0.1',
        'user-agent': 'arbiter-coordinator',
      },
    });
    const reading = readHealthResponse(response.status, await readBounded(response, abort.signal));
    const responseTimeMs = elapsed();
    if (reading.kind === 'failed')
      return { kind: 'failed', error: reading.error, responseTimeMs, details: reading.details };
    const slow = responseTimeMs > probe.degradedAfterMs;
    return { kind: 'passed', status: slow ? 'degraded' : reading.status, responseTimeMs, details: reading.details };
  } catch (thrown) {
    const error = abort.signal.aborted
      ? { code: 'TIMEOUT', message: `no answer within ${probe.timeoutMs} ms` }
      : describeFetchError(thrown);
    return { kind: 'failed', error, responseTimeMs: elapsed(), details: null };
  } finally {
    clearTimeout(suspicion);
    clearTimeout(timeout);
  }
}

async function readBounded(response: Response, signal: AbortSignal): Promise<string> {
  if (!response.body) return '';
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  try {
    while (bytes < MAX_BODY_BYTES) {
      const chunk = await Promise.race([reader.read(), aborted]);
      if (chunk.done) break;
      bytes += chunk.value.byteLength;
      text += decoder.decode(chunk.value, { stream: true });
    }
    return text;
  } finally {
    // An unread body holds its connection slot; that the cancelling itself fails changes nothing.
    reader.cancel().catch(() => undefined);
  }
}
