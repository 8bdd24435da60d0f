/** One answer to a health check, as the answer server sends it and as the coordinator is to judge it. */

/** An HTTP answer like any other. */
interface PlainAnswer {
  readonly status: number;
  /** Left out where the answer has no content type. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What only a socket can do; each is played by the answer server (`../node/answer-plays.ts`). */
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

/** Where the probe is sent that is no ordinary HTTP server. */
export type Place = 'self-signed' | 'plain behind https' | 'silent behind https' | 'nobody listens';

export type Verdict = 'healthy' | 'degraded' | `failed: ${string}`;

export interface HealthAnswer {
  /** Whose answer it is, or what is wrong with it; unique. */
  readonly name: string;
  readonly answer: PlainAnswer | { readonly play: Play } | { readonly place: Place };
  readonly verdict: Verdict;
  /** What is said instead of the answer itself where that is no text worth showing. */
  readonly shown?: string;
}
