/** What came of one attempt to deliver something, and what that means for the delivery. */

export interface AttemptOutcome {
  /** When it was begun, epoch ms. */
  readonly at: number;
  readonly durationMs: number;
  /** Of the answer; null when there was none. */
  readonly status: number | null;
  /** Why there was none; null when there was. */
  readonly error: string | null;
  /** Of `Retry-After`, ms. */
  readonly retryAfterMs: number | null;
}

/** An attempt as it is written down. */
export interface AttemptRecord {
  readonly number: number;
  /** Epoch ms. */
  readonly at: number;
  /** Null: it is under way, or was lost: then `error` says so. */
  readonly durationMs: number | null;
  readonly status: number | null;
  /** Null when it was taken, and while it is under way. */
  readonly error: string | null;
}

export type AttemptVerdict =
  | { readonly kind: 'delivered' }
  /** 410: the receiver wants nothing any more. */
  | { readonly kind: 'gone'; readonly error: string }
  | { readonly kind: 'failed'; readonly error: string; readonly retryAfterMs: number | null };

/** Only 2xx takes it. A redirect is not followed: it would lead to where nobody judged. */
export function judgeAttempt({ status, error, retryAfterMs }: AttemptOutcome): AttemptVerdict {
  if (status === null) return { kind: 'failed', error: error ?? 'no answer', retryAfterMs: null };
  if (status >= 200 && status <= 299) return { kind: 'delivered' };
  if (status === 410) return { kind: 'gone', error: 'answered HTTP 410: it wants no more' };
  const isRedirect = status >= 300 && status <= 399;
  const said = `answered HTTP ${status}${isRedirect ? ': redirects are not followed' : ''}`;
  return { kind: 'failed', error: said, retryAfterMs: status === 429 || status === 503 ? retryAfterMs : null };
}

/** Attempts written down of a delivery, the last ones. */
const MAX_RECORDS = 20;

export const withRecord = (records: readonly AttemptRecord[], record: AttemptRecord): AttemptRecord[] =>
  [...records.filter(({ number }) => number !== record.number), record].slice(-MAX_RECORDS);
