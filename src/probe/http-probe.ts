/**
 * One health-check request over HTTP. Reads at most 64 KiB, and never throws: whatever goes wrong is an outcome.
 */
import type { Expectation } from '../core/component/health-check.ts';
import type { AttemptOutcome } from '../core/health/check.ts';
import { readHealthResponse } from '../core/health/response/read-response.ts';
import type { OutboundPolicy } from '../core/outbound/url-policy.ts';
import type { OutboundResponse } from '../outbound/fetch-outbound.ts';
import { fetchOutbound } from '../outbound/fetch-outbound.ts';

export interface HttpProbe {
  readonly url: string;
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly expect?: Expectation;
  readonly timeoutMs: number;
  readonly degradedAfterMs: number;
  readonly suspicionMs: number;
}

const MAX_BODY_BYTES = 65_536;
const ACCEPT = 'application/health+json, application/json, text/plain;q=0.8, */*;q=0.1';

/** Makes the request; calls `onUnanswered` once if it is still open after the suspicion time. */
export async function probeHttp(
  probe: HttpProbe,
  policy: OutboundPolicy,
  onUnanswered: () => void,
): Promise<AttemptOutcome> {
  const { url, method, timeoutMs } = probe;
  const startedAt = Date.now();
  const suspicion = setTimeout(onUnanswered, probe.suspicionMs);
  const request = {
    url,
    method,
    timeoutMs,
    headers: { accept: ACCEPT, ...probe.headers },
    maxBodyBytes: MAX_BODY_BYTES,
  };
  const answer = await fetchOutbound(request, policy);
  clearTimeout(suspicion);
  const responseTimeMs = Date.now() - startedAt;
  if (answer.kind !== 'answered') return { kind: 'failed', error: answer.error, responseTimeMs, details: null };
  const reading = readHealthResponse(answer.status, answer.body, probe.expect);
  const { details } = reading;
  if (reading.kind === 'failed') return { kind: 'failed', error: reading.error, responseTimeMs, details };
  const status = responseTimeMs > probe.degradedAfterMs ? 'degraded' : reading.status;
  return { kind: 'passed', status, responseTimeMs, details };
}

/** How long a canary may take: those whose fate depends on it wait meanwhile. */
const LOOK_TIMEOUT_MS = 2_500;

/** Asks a canary: whatever it answers will do. */
export const probeOnce = (url: string, policy: OutboundPolicy): Promise<OutboundResponse> =>
  fetchOutbound({ url, method: 'GET', timeoutMs: LOOK_TIMEOUT_MS, headers: { accept: ACCEPT } }, policy);
