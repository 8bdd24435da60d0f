/** A stored revision of a configuration document: its content, author and time. */
import type { Actor } from '../access/actor.ts';
import type { JsonObject } from '../json.ts';
import type { DocumentScope } from './config-documents.ts';

export type ChangedBy = Pick<Actor, 'keyId' | 'keyName'>;

export interface RevisionEntry {
  readonly revision: number;
  /** Epoch ms. */
  readonly changedAt: number;
  /** Null for revisions written before authors were stored. */
  readonly changedBy: ChangedBy | null;
  /** Names of the changed fields; null for revisions written before these names were stored. */
  readonly changed: readonly string[] | null;
  /** The earlier revision that this one restored; null for an ordinary write. */
  readonly restoredRevision: number | null;
}

export interface StoredRevision extends RevisionEntry {
  readonly document: JsonObject;
}

/**
 * Number of revisions stored per document, the current one included. A component's document has fewer, because a type
 * can have ten thousand components.
 */
export const maxRevisions = ({ kind }: DocumentScope): number => (kind === 'component' ? 11 : 101);
