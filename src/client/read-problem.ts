/** Reader of error responses, written by the coordinator or by a proxy in front of it. */
import type { Problem } from '../api/schemas/common.ts';
import type { CoordinatorErrorDetail } from './coordinator-error.ts';

/** The problem document and Retry-After of `response`; builds a problem from the status if the body holds none. */
export async function readProblem(response: Response): Promise<CoordinatorErrorDetail> {
  const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'));
  const body = parseJson(await response.text());
  const problem = isProblem(body) ? { ...body, status: response.status } : fallbackProblem(response);
  return { problem, retryAfterMs };
}

/** Retry-After is either seconds or a date (RFC 9110 §10.2.3). */
function parseRetryAfter(value: string | null): number | null {
  if (value === null) return null;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // For example a gateway's HTML page: the caller falls back to the status.
  }
}

function isProblem(body: unknown): body is Problem {
  if (typeof body !== 'object' || body === null) return false;
  return 'code' in body && typeof body.code === 'string' && 'title' in body && typeof body.title === 'string';
}

const fallbackProblem = (response: Response): Problem => ({
  type: 'about:blank',
  title: response.statusText || `the coordinator returned HTTP ${response.status}`,
  status: response.status,
  code: `http-${response.status}`,
});
