/**
 * Expected failures as values. Values also cross RPC between a Worker and a Durable Object, where error classes are
 * lost.
 */
export type Result<T, R extends string> = { readonly ok: true; readonly value: T } | Failure<R>;

export interface Failure<R extends string> {
  readonly ok: false;
  readonly reason: R;
  /** One sentence for the caller: names the field or id and the bound that was exceeded. */
  readonly message: string;
  /** Time after which the same call may succeed, ms; absent if unknown, null if the same call never succeeds. */
  readonly retryAfterMs?: number | null;
}

export const ok = <T>(value: T) => ({ ok: true, value }) as const;

export const fail = <R extends string>(reason: R, message: string): Failure<R> => ({
  ok: false,
  reason,
  message,
});
