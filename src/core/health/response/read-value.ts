/** Reads single values of a health document: HTTP statuses, flags, and whether a field about errors names any. */
import type { Statement, Verdict } from './health-words.ts';
import { readWord } from './health-words.ts';

/**
 * An HTTP status in the body, as number or text. An error status behind a 200 was forwarded by something in between.
 * A good one says that the request succeeded, which is weaker than any word. Other numbers say nothing.
 */
export function readCode(value: unknown): Statement | undefined {
  const code = typeof value === 'string' && /^\s*[1-5]\d\d\s*$/.test(value) ? Number(value) : value;
  if (typeof code !== 'number' || !Number.isInteger(code) || code < 100 || code > 599) return undefined;
  const details = String(code);
  if (code < 400) return { verdict: 'healthy', details, isWeak: true };
  return { verdict: code === 429 ? 'degraded' : 'unhealthy', details };
}

/** `200 OK`, `HTTP 503`, `HTTP/1.1 503 Service Unavailable` */
const STATUS_LINE = /^(?:HTTP(?:\/[\d.]+)? ?([1-5]\d\d)(?: .*)?|([1-5]\d\d) [\p{L} -]+)$/u;

/** An HTTP status line as text, which names the status with its reason phrase or its protocol. */
export function readStatusLine(text: string): Statement | undefined {
  const [, afterProtocol, beforePhrase] = STATUS_LINE.exec(text.trim()) ?? [];
  return readCode(afterProtocol ?? beforePhrase);
}

/** Whether a flag is set, also as number or text; undefined for any other value. */
export function flagOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (value === 1 || value === 0) return value === 1;
  if (typeof value !== 'string') return undefined;
  const text = value.trim().toLowerCase();
  if (/^(true|yes|y|on|1)$/.test(text)) return true;
  return /^(false|no|n|off|0|none|null)$/.test(text) ? false : undefined;
}

/** The verdict of a set flag, or of a cleared one. A cleared flag about a fault is weak: other faults may exist. */
export function readFlag(value: unknown, whenSet: Verdict, whenClear: Verdict): Statement | undefined {
  const flag = flagOf(value);
  if (flag === undefined) return undefined;
  if (flag) return { verdict: whenSet, details: whenSet };
  return { verdict: whenClear, details: whenClear, ...(whenClear === 'healthy' ? { isWeak: true } : {}) };
}

/** Whether a field about errors names any. A number is a count over time, not a state. */
export function namesErrors(value: unknown): boolean {
  if (typeof value === 'string') {
    const verdict = readWord(value)?.verdict;
    return value.trim() !== '' && flagOf(value) !== false && verdict !== 'healthy';
  }
  return typeof value === 'number' ? false : !isEmpty(value);
}

/** Whether a value contains nothing but empty, false and zero values. */
export function isEmpty(value: unknown, depth = 3): boolean {
  if (typeof value !== 'object' || value === null) return !value;
  return depth > 0 && Object.values(value).every((inner) => isEmpty(inner, depth - 1));
}
