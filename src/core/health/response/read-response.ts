/**
 * Reads a health response into a verdict, or checks it against the expectation of the registration.
 *
 * Known dialects: the plan's own (`status`, `healthy`, `degraded`), IETF health+json (pass, warn, fail), Spring Boot
 * (UP, DOWN, OUT_OF_SERVICE), plain text and empty bodies. A 2xx that says nothing about health is healthy, one that is
 * not understood is degraded. 429 is degraded, and any other non-2xx is a failed attempt.
 * docs/reference/health-dialects.md has a table of responses and verdicts.
 * Sources: draft-inadarei-api-health-check, Spring Boot Actuator, Kubernetes probes.
 */
import type { Expectation } from '../../component/health-check.ts';
import { unmetBody, unmetStatus } from './expectation.ts';
import type { FailureDetail } from '../health-state.ts';
import type { HealthBody } from './health-body.ts';
import { readBody } from './read-body.ts';

export type HealthReading =
  | { readonly kind: 'passed'; readonly status: 'healthy' | 'degraded'; readonly details: string | null }
  | { readonly kind: 'failed'; readonly error: FailureDetail; readonly details: string | null };

/**
 * Returns the verdict on one attempt from the HTTP status and the body. An expected status replaces the status
 * rules; an expected body replaces the reading of the body.
 */
export function readHealthResponse(httpStatus: number, body: HealthBody, expect: Expectation = {}): HealthReading {
  const statement = expect.body ? undefined : readBody(body);
  const details = statement?.details ?? null;
  const failed = (code: string, message: string): HealthReading => ({
    kind: 'failed',
    error: { code, message: `answered HTTP ${httpStatus}${message}` },
    details,
  });

  const unmet = unmetStatus(expect, httpStatus);
  if (unmet !== null) return failed('EXPECTATION_FAILED', `, ${unmet}`);
  const isExpected = expect.status !== undefined;
  if (!isExpected && httpStatus === 429)
    return { kind: 'passed', status: 'degraded', details: details ?? 'HTTP 429: over its own limits' };
  if (!isExpected && (httpStatus < 200 || httpStatus > 299)) {
    const isRedirect = httpStatus >= 300 && httpStatus < 400;
    return failed(`HTTP_${httpStatus}`, isRedirect ? ', a redirect, which is not followed' : ', not a success');
  }

  if (expect.body) {
    const unmet = unmetBody(expect.body, body.text);
    return unmet === null ? { kind: 'passed', status: 'healthy', details } : failed('EXPECTATION_FAILED', `, ${unmet}`);
  }
  if (statement?.verdict === 'unhealthy') return failed('REPORTED_UNHEALTHY', ` and calls itself ${statement.details}`);
  const status = statement?.verdict === 'unknown' ? 'degraded' : (statement?.verdict ?? 'healthy');
  return { kind: 'passed', status, details };
}
