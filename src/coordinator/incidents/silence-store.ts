/** All SQL of silences. An expired silence is kept for a day, so that operators can still look it up. */
import { parseObject } from '../../core/stored-json.ts';
import { readRows } from '../../logging/read-stored.ts';
import type { Silence, SilenceMatchers } from '../../core/incident/silence.ts';

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS silences (
     id TEXT PRIMARY KEY,
     matchers TEXT NOT NULL,
     comment TEXT NOT NULL,
     created_by TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     until INTEGER NOT NULL
   ) STRICT`,
];

interface Row extends Record<string, SqlStorageValue> {
  id: string;
  matchers: string;
  comment: string;
  created_by: string;
  created_at: number;
  until: number;
}

export class SilenceStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
  }

  add({ id, matchers, comment, createdBy, createdAt, until }: Silence): void {
    this.sql.exec(
      'INSERT INTO silences (id, matchers, comment, created_by, created_at, until) VALUES (?, ?, ?, ?, ?, ?)',
      id,
      JSON.stringify(matchers),
      comment,
      createdBy,
      createdAt,
      until,
    );
  }

  find(id: string): Silence | undefined {
    return readRows('silences', this.sql.exec<Row>('SELECT * FROM silences WHERE id = ?', id).toArray(), toSilence)[0];
  }

  /** Silences in force, the next to end first. */
  active(now: number): Silence[] {
    return readRows(
      'silences',
      this.sql.exec<Row>('SELECT * FROM silences WHERE until > ? ORDER BY until, id', now).toArray(),
      toSilence,
    );
  }

  end(id: string, now: number): void {
    this.sql.exec('UPDATE silences SET until = ? WHERE id = ? AND until > ?', now, id, now);
  }

  trim(now: number): void {
    this.sql.exec('DELETE FROM silences WHERE until < ?', now - 86_400_000);
  }
}

const toSilence = (row: Row): Silence => ({
  id: row.id,
  matchers: parseObject<SilenceMatchers>(row.matchers),
  comment: row.comment,
  createdBy: row.created_by,
  createdAt: row.created_at,
  until: row.until,
});
