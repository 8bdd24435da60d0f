/**
 * A copy of the keys and of the ended sessions in an isolate. The copy grows page by page, and its mark names the
 * newest state of the coordinator that the copy contains.
 */
import type { AccessKey } from '../core/access/access-key.ts';
import type { EndedSessions } from '../core/access/ended-session.ts';
import { addEndedSession } from '../core/access/ended-session.ts';
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
  for (const key of keys) applyKey(copy, key);
  for (const session of endedSessions) addEndedSession(copy.endedSessions, session);
  copy.mark = mark;
}

function applyKey(copy: KeyCopy, key: AccessKey): void {
  if (key.revokedAt === null) {
    copy.keys.set(key.id, { key, scopes: key.scopes.flatMap((text) => parseScope(text) ?? []) });
  } else {
    // A revoked key must look like a key that never existed, and so must its sessions.
    copy.keys.delete(key.id);
    copy.endedSessions.delete(key.id);
  }
}
