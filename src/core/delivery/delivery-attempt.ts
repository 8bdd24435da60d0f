/** The outcome of one delivery attempt, and the verdict that follows for the delivery. */

export interface DeliveryOutcome {
  /** Start of the attempt, epoch ms. */
  readonly at: number;
  readonly durationMs: number;
  /** HTTP status; null without a response. */
  readonly status: number | null;
  /** Why there was no response; null with one. */
  readonly error: string | null;
  /** Value of `Retry-After`, ms; null without one. */
  readonly retryAfterMs: number | null;
}

/** A recorded attempt. */
export interface AttemptRecord {
  readonly number: number;
  /** Epoch ms. */
  readonly at: number;
  /** Null while the attempt runs, and if it was lost. A lost attempt has an `error`. */
  readonly durationMs: number | null;
  readonly status: number | null;
  /** Null if the receiver accepted the delivery, and while the attempt runs. */
  readonly error: string | null;
}

export type AttemptVerdict =
  | { readonly kind: 'delivered' }
  /** HTTP 410: the receiver wants no more deliveries. */
  | { readonly kind: 'gone'; readonly error: string }
  | { readonly kind: 'failed'; readonly error: string; readonly retryAfterMs: number | null };

/** Only 2xx means delivered. Redirects are not followed, because the URL policy has not approved their target. */
export function judgeAttempt({ status, error, retryAfterMs }: DeliveryOutcome): AttemptVerdict {
  if (status === null) return { kind: 'failed', error: error ?? 'no response', retryAfterMs: null };
  if (status >= 200 && status <= 299) return { kind: 'delivered' };
  if (status === 410) return { kind: 'gone', error: 'answered HTTP 410: the receiver wants no more deliveries' };
  const isRedirect = status >= 300 && status <= 399;
  const message = `answered HTTP ${status}${isRedirect ? ': redirects are not followed' : ''}`;
  return { kind: 'failed', error: message, retryAfterMs: status === 429 || status === 503 ? retryAfterMs : null };
}

/** Number of recorded attempts of a delivery: the newest. */
const MAX_RECORDS = 20;

export const withRecord = (records: readonly AttemptRecord[], record: AttemptRecord): AttemptRecord[] =>
  [...records.filter(({ number }) => number !== record.number), record].slice(-MAX_RECORDS);
