/** A session that was ended before its time: who holds its cookie still is let in no more. */
export interface SessionRef {
  /** Id of the key it was opened with. */
  readonly keyId: string;
  /** Its CSRF token: known to it alone, and worth nothing without its cookie. */
  readonly id: string;
  /** When it would have ended by itself, epoch ms. */
  readonly endsAt: number;
}

export interface EndedSession extends Omit<SessionRef, 'id'> {
  /** Null: all of the key's that end no later. */
  readonly id: string | null;
}

/** Ended sessions by key, then by id: when they would have ended by themselves. */
export type EndedSessions = Map<string, Map<string | null, number>>;

/** Takes one in. What stands for all of a key's up to then takes the place of each of them. */
export function noteEnded(ended: EndedSessions, { keyId, id, endsAt }: EndedSession): void {
  const ofKey = id === null ? new Map<string | null, number>() : (ended.get(keyId) ?? new Map<string | null, number>());
  ofKey.set(id, endsAt);
  ended.set(keyId, ofKey);
}

export function isEnded(ended: EndedSessions, { keyId, id, endsAt }: SessionRef): boolean {
  const ofKey = ended.get(keyId);
  return ofKey !== undefined && (ofKey.has(id) || endsAt <= (ofKey.get(null) ?? 0));
}
