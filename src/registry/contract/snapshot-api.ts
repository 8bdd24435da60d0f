/** What edges and readers of whole types receive from the registry. */
import type { SnapshotDelta, EdgePosition } from '../../core/balancing/snapshot-delta.ts';
import type { EdgeMember } from '../../core/balancing/aperture.ts';
import type { TypeOverrides } from '../../core/config/effective-config.ts';
import type { BlockReport } from '../../core/lease/block.ts';
import type { Outcomes } from '../../core/component/load.ts';
import type { BlockAnswer } from './lease-api.ts';

export interface SnapshotPage {
  /** Of the type, when the page was made: nothing up to it is missing. */
  readonly revision: number;
  /** Component resources as JSON, in the order of ids, between commas. */
  readonly json: string;
  /** The `after` of the next page, null with the last one. */
  readonly next: string | null;
}

/** Work that an edge gave since it asked last, by position. */
export type AssignmentCounts = readonly (readonly [position: number, count: number])[];

/** Results of work that callers reported to an edge, by component. */
export type ReportedOutcomes = readonly (readonly [id: string, outcomes: Outcomes])[];

export interface SyncRequest {
  /** Who asks: each isolate has an id of its own. */
  readonly edge?: string;
  /** What the edge holds. */
  readonly place: EdgePosition | null;
  /** Work given since the last sync, by position. */
  readonly given: AssignmentCounts;
  /** What callers reported since. */
  readonly reported: ReportedOutcomes;
  /** The blocks of leases that it holds, or returns. */
  readonly blocks?: readonly BlockReport[];
  /** Settings that the registry may not have heard of. */
  readonly config?: TypeOverrides | null;
}

export interface SyncResponse extends SnapshotDelta {
  /** What the edge is among all that decide; null where it did not say who it is. */
  readonly decider: EdgeMember | null;
  readonly blocks: BlockAnswer;
  /** Of the settings it goes by. */
  readonly configRevision: number;
}
