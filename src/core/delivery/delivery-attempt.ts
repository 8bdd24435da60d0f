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
  /** The receiver cannot accept this document: no further attempt would succeed. */
  | { readonly kind: 'refused'; readonly error: string }
  /** HTTP 429: too many messages. The attempt says nothing about the document. */
  | { readonly kind: 'throttled'; readonly error: string; readonly retryAfterMs: number | null }
  | { readonly kind: 'failed'; readonly error: string; readonly retryAfterMs: number | null };

/** Statuses about credentials, the address or the time, which an operator, a deployment or a pause can change. */
const RETRIED_4XX: readonly number[] = [401, 403, 404, 407, 408, 421, 423, 425];

/**
 * Only 2xx means delivered. Redirects are not followed, because the URL policy has not approved their target. A 4xx
 * that judges the document itself ends the delivery.
 */
export function judgeAttempt({
  status,
  error,
  retryAfterMs,
}: Pick<DeliveryOutcome, 'status' | 'error' | 'retryAfterMs'>): AttemptVerdict {
  if (status === null) return { kind: 'failed', error: error ?? 'no response', retryAfterMs: null };
  if (status >= 200 && status <= 299) return { kind: 'delivered' };
  if (status === 410) return { kind: 'gone', error: 'answered HTTP 410: the receiver wants no more deliveries' };
  const outcome = `answered HTTP ${status}`;
  if (status === 429) return { kind: 'throttled', error: `${outcome}: too many messages`, retryAfterMs };
  if (status >= 400 && status <= 499 && !RETRIED_4XX.includes(status))
    return { kind: 'refused', error: `${outcome}: the receiver does not accept this message` };
  const isRedirect = status >= 300 && status <= 399;
  const message = `${outcome}${isRedirect ? ': redirects are not followed' : ''}`;
  return { kind: 'failed', error: message, retryAfterMs: status === 503 ? retryAfterMs : null };
}

/** Statuses of gateways and crashed handlers: the document may have been processed all the same. */
const AMBIGUOUS_STATUSES: readonly number[] = [500, 502, 504];
/** No request was made, or no connection. */
const NOT_SENT = /^(ENDPOINT_REFUSED|ECONNREFUSED|ENOTFOUND|EAI_[A-Z]+)\b/;

/** True if the receiver certainly did not accept the document in this attempt. */
export const cannotHaveArrived = ({ status, error }: AttemptRecord): boolean =>
  status === null ? NOT_SENT.test(error ?? '') : status >= 300 && !AMBIGUOUS_STATUSES.includes(status);

/** Number of recorded attempts of a delivery: the newest. */
const MAX_RECORDS = 20;

export const withRecord = (records: readonly AttemptRecord[], record: AttemptRecord): AttemptRecord[] =>
  [...records.filter(({ number }) => number !== record.number), record].slice(-MAX_RECORDS);
