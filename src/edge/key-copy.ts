/**
 * A copy of the keys and of the sessions that were ended, as an isolate holds it: grows page by page, and says where
 * it stands in the coordinator's words.
 */
import type { AccessKey } from '../core/access/access-key.ts';
import type { EndedSessions } from '../core/access/ended-session.ts';
import { noteEnded } from '../core/access/ended-session.ts';
import type { Scope } from '../core/access/scope.ts';
import { parseScope } from '../core/access/scope.ts';
import type { KeyMark, KeySyncResponse } from '../coordinator/contract/coordinator-api.ts';

export interface KnownKey {
  readonly key: AccessKey;
  readonly scopes: readonly Scope[];
}

export interface KeyCopy {
  readonly keys: Map<string, KnownKey>;
  readonly endedSessions: EndedSessions;
  /** Null before the first page. */
  mark: KeyMark | null;
}

export const emptyCopy = (): KeyCopy => ({ keys: new Map(), endedSessions: new Map(), mark: null });

export function applyKeyPage(copy: KeyCopy, { keys, endedSessions, mark }: KeySyncResponse): void {
  for (const key of keys) takeKey(copy, key);
  for (const session of endedSessions) noteEnded(copy.endedSessions, session);
  copy.mark = mark;
}

function takeKey(copy: KeyCopy, key: AccessKey): void {
  if (key.revokedAt === null) {
    copy.keys.set(key.id, { key, scopes: key.scopes.flatMap((text) => parseScope(text) ?? []) });
  } else {
    // A revoked key is as unknown as one that never was, and so are its sessions.
    copy.keys.delete(key.id);
    copy.endedSessions.delete(key.id);
  }
}
