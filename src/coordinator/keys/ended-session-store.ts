/**
 * All SQL of sessions ended early, kept until they would have expired. Sessions share the revision counter of the keys,
 * so that edges sync both together. The rows of one key are limited: beyond the limit, one row covers all sessions that
 * expire no later. A user therefore cannot fill the edges by signing in and out.
 */
import type { EndedSession, SessionRef } from '../../core/access/ended-session.ts';
import type { KeyCounterStore } from './key-counter-store.ts';

const SCHEMA = [
  // An empty id covers all sessions of the key that expire no later.
  `CREATE TABLE IF NOT EXISTS ended_sessions (
     key_id TEXT NOT NULL,
     id TEXT NOT NULL,
     ends_at INTEGER NOT NULL,
     revision INTEGER NOT NULL,
     PRIMARY KEY (key_id, id)
   ) STRICT`,
  `CREATE INDEX IF NOT EXISTS ended_sessions_changed ON ended_sessions (revision)`,
];

const ALL_SESSIONS = '';
const MAX_PER_KEY = 256;
/** Clocks of the edges may lag behind the clock of the object. */
const CLOCK_SKEW_MS = 60_000;

interface EndedRow extends Record<string, SqlStorageValue> {
  key_id: string;
  id: string;
  ends_at: number;
  revision: number;
}

export interface RevisedSession {
  readonly session: EndedSession;
  readonly revision: number;
}

export class EndedSessionStore {
  private readonly sql: SqlStorage;
  private readonly scalars: KeyCounterStore;

  constructor(sql: SqlStorage, scalars: KeyCounterStore) {
    this.sql = sql;
    this.scalars = scalars;
    for (const statement of SCHEMA) sql.exec(statement);
  }

  isEnded({ keyId, id, endsAt }: SessionRef): boolean {
    const covering = 'SELECT 1 FROM ended_sessions WHERE key_id = ?1 AND (id = ?2 OR (id = ?3 AND ends_at >= ?4))';
    return this.sql.exec(covering, keyId, id, ALL_SESSIONS, endsAt).toArray().length > 0;
  }

  /** Ends a session. Returns false if it had already been ended. */
  end(session: SessionRef): boolean {
    if (this.isEnded(session)) return false;
    const { keyId } = session;
    this.save(session);
    const { kept, last } = this.sql
      .exec<{ kept: number; last: number }>(
        'SELECT COUNT(*) AS kept, MAX(ends_at) AS last FROM ended_sessions WHERE key_id = ?',
        keyId,
      )
      .one();
    if (kept > MAX_PER_KEY) {
      this.sql.exec('DELETE FROM ended_sessions WHERE key_id = ?', keyId);
      this.save({ keyId, id: ALL_SESSIONS, endsAt: last });
    }
    return true;
  }

  /** Sessions ended after a revision, in order of revision. */
  endedSince(revision: number, limit: number): RevisedSession[] {
    return this.sql
      .exec<EndedRow>('SELECT * FROM ended_sessions WHERE revision > ? ORDER BY revision LIMIT ?', revision, limit)
      .toArray()
      .map((row) => ({
        session: { keyId: row.key_id, id: row.id === ALL_SESSIONS ? null : row.id, endsAt: row.ends_at },
        revision: row.revision,
      }));
  }

  /** Deletes sessions that have expired. Edges reject an expired session without its row. */
  trim(now: number): void {
    this.sql.exec('DELETE FROM ended_sessions WHERE ends_at < ?', now - CLOCK_SKEW_MS);
  }

  private save({ keyId, id, endsAt }: SessionRef): void {
    this.sql.exec(
      'INSERT INTO ended_sessions (key_id, id, ends_at, revision) VALUES (?, ?, ?, ?)',
      keyId,
      id,
      endsAt,
      this.scalars.nextRevision(),
    );
  }
}
