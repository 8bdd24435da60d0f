/** Sessions ended before their expiry. The isolate rejects their cookies until the sessions would have expired. */
export interface SessionRef {
  /** Id of the key that opened the session. */
  readonly keyId: string;
  /** CSRF token of the session; known only to the session and useless without its cookie. */
  readonly id: string;
  /** Expiry of the session, epoch ms. */
  readonly endsAt: number;
}

export interface EndedSession extends Omit<SessionRef, 'id'> {
  /** Null for all sessions of the key that expire no later than `endsAt`. */
  readonly id: string | null;
}

/** Expiry of ended sessions, by key id and session id. */
export type EndedSessions = Map<string, Map<string | null, number>>;

/** Adds an ended session. An entry for all sessions of a key replaces the key's other entries. */
export function addEndedSession(ended: EndedSessions, { keyId, id, endsAt }: EndedSession): void {
  const ofKey = id === null ? new Map<string | null, number>() : (ended.get(keyId) ?? new Map<string | null, number>());
  ofKey.set(id, endsAt);
  ended.set(keyId, ofKey);
}

export function isEnded(ended: EndedSessions, { keyId, id, endsAt }: SessionRef): boolean {
  const ofKey = ended.get(keyId);
  return ofKey !== undefined && (ofKey.has(id) || endsAt <= (ofKey.get(null) ?? 0));
}
