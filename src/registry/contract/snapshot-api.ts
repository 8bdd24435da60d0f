/** Snapshots in the contract of the registry: for edges that route, and for readers of whole types. */
import type { DeltaPosition, SnapshotDeltaPage, SnapshotVersion } from '../../core/balancing/snapshot-delta.ts';
import type { EdgeMember } from '../../core/balancing/aperture.ts';
import type { TypeOverrides } from '../../core/config/effective-config.ts';
import type { BlockReport } from '../../core/lease/lease-block.ts';
import type { Outcomes } from '../../core/component/load.ts';
import type { BlockResponse } from './lease-api.ts';

export interface SnapshotPage {
  /** Revision of the type when the page was made: the page includes all changes up to it. */
  readonly revision: number;
  /** Component resources as JSON, ascending by id, separated by commas. */
  readonly json: string;
  /** The `after` of the next page; null on the last one. */
  readonly next: string | null;
}

/** Pieces of work that an edge assigned since its last sync, by position. */
export type AssignmentCounts = readonly (readonly [position: number, count: number])[];

/** Outcomes of work that callers reported to an edge, by component. */
export type ReportedOutcomes = readonly (readonly [id: string, outcomes: Outcomes])[];

export interface SyncRequest {
  /** Id of the requesting isolate. */
  readonly edge?: string;
  /** Version of the snapshot that the edge has; null without one. */
  readonly syncedTo: SnapshotVersion | null;
  /** Where the page begins, as the previous page named it; absent or null for the first page. */
  readonly from?: DeltaPosition | null;
  readonly assignments: AssignmentCounts;
  /** Reported since the last sync. */
  readonly outcomes: ReportedOutcomes;
  /** Lease blocks that the isolate holds or returns. */
  readonly blocks?: readonly BlockReport[];
  /** Settings that the registry may not have received yet. */
  readonly config?: TypeOverrides | null;
}

/** A page of at most 8 MiB: a response of more than 32 MiB would fail. */
export interface SyncResponse extends SnapshotDeltaPage {
  /** Number and traffic share of this edge among all edges; null without an `edge` id. */
  readonly edgeMember: EdgeMember | null;
  readonly blocks: BlockResponse;
  /** Revision of the settings that the registry applies. */
  readonly configRevision: number;
}
