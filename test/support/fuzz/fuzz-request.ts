/**
 * Generated request, before the run knows which objects exist.
 *
 * Tokens stand for values that only the run knows: `@key:N`, `@recovery:N`, `@incident:N`, `@lease:N` in the path,
 * `@etag` in if-match, `@cursor` in the query. `@session` stands for the cookie, without a key.
 * `run-cases.ts` replaces them.
 */
import type { Value } from './strange-values.ts';

/** A valid request of an operation. */
export interface Draft {
  readonly params: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Value;
}

/** Request on the wire; text and address may be damaged. */
export interface WireRequest {
  /** `POST /v1/components` */
  readonly operation: string;
  readonly method: string;
  /** Path and query as sent. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Name of the mutation, for failure messages. */
  readonly mutation: string;
}
