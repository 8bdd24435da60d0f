/** Samples and transitions, as stored by the registry. */
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
  /** Start of the hour, epoch ms. */
  readonly at: number;
  /** The packed minutes of the hour; null after their retention has expired. */
  readonly minutes: string | null;
}

/** A time span from `from` (inclusive) to `to` (exclusive), epoch ms. */
export interface Span {
  readonly from: number;
  readonly to: number;
}
