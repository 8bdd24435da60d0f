/**
 * Expected failures are values. They also cross RPC that way, because an error class does not
 * survive the trip between a Worker and an object.
 */
export type Result<T, R extends string> = { readonly ok: true; readonly value: T } | Failure<R>;

export interface Failure<R extends string> {
  readonly ok: false;
  readonly reason: R;
  /** One sentence for the caller: names the field or id and the bound that was broken. */
  readonly message: string;
  /** ms after which the same call may succeed, where that is known. */
  readonly retryAfterMs?: number;
}

export const ok = <T>(value: T) => ({ ok: true, value }) as const;

export const fail = <R extends string>(reason: R, message: string): Failure<R> => ({
  ok: false,
  reason,
  message,
});
