/** Samples and transitions as the registry stores them. */
import type { Sample } from './sample.ts';

export interface Transition {
  /** Epoch ms. */
  readonly at: number;
  readonly kind: 'health' | 'lifecycle';
  readonly from: string;
  readonly to: string;
  readonly reason: string | null;
}

export interface StoredTransition extends Transition {
  readonly seq: number;
}

export interface StoredHour extends Sample {
  /** Beginning of the hour, epoch ms. */
  readonly at: number;
  /** Its minutes, packed; null once they are gone. */
  readonly minutes: string | null;
}

/** Times from `from` up to, but not at, `to`, epoch ms. */
export interface Span {
  readonly from: number;
  readonly to: number;
}
