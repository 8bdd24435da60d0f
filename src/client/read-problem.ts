/** Reads an answer that is not a success, whoever wrote it: the coordinator or something on the way to it. */
import type { Problem } from '../api/schemas/common.ts';
import type { CoordinatorErrorDetail } from './coordinator-error.ts';

/** The problem document and Retry-After of `response`; a stand-in where it carries no problem document. */
export async function readProblem(response: Response): Promise<CoordinatorErrorDetail> {
  const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'));
  const body = parseJson(await response.text());
  const problem = isProblem(body) ? { ...body, status: response.status } : standIn(response);
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
    return null; // a gateway's HTML page, for instance: the status has to do
  }
}

function isProblem(body: unknown): body is Problem {
  if (typeof body !== 'object' || body === null) return false;
  return 'code' in body && typeof body.code === 'string' && 'title' in body && typeof body.title === 'string';
}

const standIn = (response: Response): Problem => ({
  type: 'about:blank',
  title: response.statusText || `the coordinator answered ${response.status}`,
  status: response.status,
  code: `http-${response.status}`,
});
