/** A page of a component's history, as `RegistryApi.historyOf` returns it. */
import type { Span } from '../../core/health/samples/stored-sample.ts';
import type { TimedSample } from '../../core/health/samples/sample.ts';

export type HistoryItem =
  | ({ readonly kind: 'sample'; readonly durationMs: number } & TimedSample)
  | {
      readonly kind: 'transition';
      readonly at: number;
      readonly field: 'health' | 'lifecycle';
      readonly from: string;
      readonly to: string;
      readonly reason: string | null;
    };

/** Keyset cursor of a page: everything after it is older. */
export interface HistoryCursor {
  /** Epoch ms. */
  readonly at: number;
  /** Number of the transition; null for a sample. Transitions precede the sample of the same time. */
  readonly seq: number | null;
}

export interface HistoryQuery extends Span {
  readonly after: HistoryCursor | null;
  readonly limit: number;
}

export interface HistoryPage {
  readonly items: HistoryItem[];
  /** Cursor of the next page; null at the end. */
  readonly next: HistoryCursor | null;
}
