/**
 * A request as it is generated, before the run knows what exists.
 *
 * Tokens stand for what only the run knows: `@key:N`, `@recovery:N`, `@incident:N`, `@lease:N` in the path, `@etag` in
 * if-match, `@cursor` in the query, `@session` for the cookie (and no key). `run-cases.ts` puts them in.
 */
import type { Value } from './strange-values.ts';

/** A valid request of an operation. */
export interface Draft {
  readonly params: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Value;
}

/** What goes over the wire; text and address may be damaged. */
export interface WireRequest {
  /** `POST /v1/components` */
  readonly operation: string;
  readonly method: string;
  /** Path and query as sent. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** How it was changed, for the message when it fails. */
  readonly mutation: string;
}
