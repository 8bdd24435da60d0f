/** Makes single health-check requests over HTTP. Reads a bounded body and never throws: every error is an outcome. */
import type { Expectation, HealthDetails } from '../core/component/health-check.ts';
import type { ProbeOutcome } from '../core/health/check.ts';
import { HealthBody } from '../core/health/response/health-body.ts';
import { keepResponse } from '../core/health/response/kept-response.ts';
import { readHealthResponse } from '../core/health/response/read-response.ts';
import type { OutboundPolicy } from '../core/outbound/url-policy.ts';
import type { OutboundResponse } from '../outbound/fetch-outbound.ts';
import { fetchOutbound } from '../outbound/fetch-outbound.ts';
import { RunningTimer } from '../outbound/running-timer.ts';

export interface HttpProbe {
  readonly url: string;
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly expect?: Expectation;
  readonly details?: HealthDetails;
  readonly timeoutMs: number;
  readonly degradedAfterMs: number;
  readonly suspicionMs: number;
}

const ACCEPT = 'application/health+json, application/json, text/plain;q=0.8, */*;q=0.1';

/**
 * Makes the request. Calls `onUnanswered` once if no response has arrived after `suspicionMs`. Time in which this
 * isolate did not run counts neither for that nor as response time.
 */
export async function probeHttp(
  probe: HttpProbe,
  policy: OutboundPolicy,
  onUnanswered: () => void,
): Promise<ProbeOutcome> {
  const { url, method, timeoutMs } = probe;
  const startedAt = Date.now();
  const suspicion = new RunningTimer(probe.suspicionMs, (isLate) => {
    if (!isLate) onUnanswered();
  });
  const body = new HealthBody(probe.expect?.body === undefined);
  const request = { url, method, timeoutMs, headers: { accept: ACCEPT, ...probe.headers }, sink: body };
  const response = await fetchOutbound(request, policy);
  suspicion.cancel();
  const responseTimeMs = Math.max(0, Date.now() - startedAt - suspicion.lateMs);
  if (response.kind === 'late') return { kind: 'late' };
  if (response.kind !== 'answered') return { kind: 'failed', error: response.error, responseTimeMs, details: null };
  if (!response.isDecoded) body.fault = 'body in an encoding that is not supported';
  const reading = readHealthResponse(response.status, body, probe.expect);
  const kept = keepResponse({ status: response.status, body }, probe);
  const seen = { responseTimeMs, details: reading.details, ...(kept && { response: kept }) };
  if (reading.kind === 'failed') return { kind: 'failed', error: reading.error, ...seen };
  const status = responseTimeMs > probe.degradedAfterMs ? 'degraded' : reading.status;
  return { kind: 'passed', status, ...seen };
}

/** Short, because decisions about components wait for the canary. */
const CANARY_TIMEOUT_MS = 2_500;

/** Calls a canary. Any HTTP response counts as reachable. */
export const probeCanary = (url: string, policy: OutboundPolicy): Promise<OutboundResponse> =>
  fetchOutbound({ url, method: 'GET', timeoutMs: CANARY_TIMEOUT_MS, headers: { accept: ACCEPT } }, policy);
