/** Test cases of health check responses: the response that the server sends, and the coordinator's expected verdict. */

/** An ordinary HTTP response. */
interface PlainResponse {
  readonly status: number;
  /** Undefined for a response without a content type. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Responses that need a raw socket, implemented in `../node/answer-plays.ts`. */
export type Play =
  | 'says nothing'
  | 'closes at once'
  | 'resets at once'
  | 'resets in the body'
  | 'stops in the headers'
  | 'stops in the body'
  | 'drips headers'
  | 'drips the body'
  | 'slow but whole'
  | 'endless header'
  | 'headers of 2 MB'
  | 'endless spaces'
  | 'endless after a word'
  | 'endless after a status'
  | 'endless after a good status'
  | '80 kB, ok at the end'
  | '80 kB, fail at the end'
  | 'deflate'
  | 'bare deflate'
  | 'deflate in gzip'
  | 'zstd'
  | 'utf-16le with a mark'
  | 'utf-16be with a mark'
  | 'utf-16le by charset'
  | 'latin-1 by charset'
  | 'gzip'
  | 'brotli'
  | 'gzip bomb'
  | 'endless gzip'
  | 'gzip cut off'
  | 'no gzip'
  | 'longer than its length'
  | 'shorter than its length, closed'
  | 'shorter than its length, open'
  | 'two lengths'
  | 'broken chunks'
  | 'closed without a length'
  | 'early hints first'
  | 'only early hints'
  | 'no HTTP'
  | 'byte order mark';

/** Probe targets that are not an ordinary HTTP server. */
export type Place = 'self-signed' | 'plain behind https' | 'silent behind https' | 'no listener';

export type Verdict = 'healthy' | 'degraded' | `failed: ${string}`;

export interface HealthResponseCase {
  /** Sender of the response, or its fault; unique. */
  readonly name: string;
  readonly response: PlainResponse | { readonly play: Play } | { readonly place: Place };
  readonly verdict: Verdict;
  /** Text for the documentation if the response itself is unsuitable. */
  readonly shown?: string;
}
