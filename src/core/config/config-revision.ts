/** A revision of a document as it is kept: what was put, by whom and when. */
import type { Actor } from '../access/actor.ts';
import type { JsonObject } from '../json.ts';
import type { DocumentScope } from './config-documents.ts';

export type ChangedBy = Pick<Actor, 'keyId' | 'keyName'>;

export interface RevisionEntry {
  readonly revision: number;
  /** Epoch ms */
  readonly changedAt: number;
  /** Null of those put before this was kept. */
  readonly changedBy: ChangedBy | null;
  /** Names of what it changed; null of those put before this was kept. */
  readonly changed: readonly string[] | null;
  /** The earlier revision that it put back; null when it was put as it is. */
  readonly restores: number | null;
}

export interface KeptRevision extends RevisionEntry {
  readonly document: JsonObject;
}

/** How many revisions of a document are kept, the one in force among them; there may be ten thousand components. */
export const revisionsKept = ({ kind }: DocumentScope): number => (kind === 'component' ? 11 : 101);
