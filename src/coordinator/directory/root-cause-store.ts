/**
 * All SQL of what is known of components for the sake of those that depend on them: who is down, and who
 * has a root cause below it.
 *
 * What a component's registry is to be told is owed until it has it: `told` is the last sequence that it took.
 */
import type { RootCauseUpdate } from '../../core/health/root-cause-update.ts';
import type { ConditionReport } from '../../core/event/condition-report.ts';

/** Those that are there for a component that is gone are of no use. */
const GONE = 'id NOT IN (SELECT id FROM directory) AND id NOT IN (SELECT id FROM claims)';

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS conditions (
     id TEXT PRIMARY KEY,
     down INTEGER NOT NULL,
     revision INTEGER NOT NULL
   ) STRICT`,
  `CREATE TABLE IF NOT EXISTS shadows (
     id TEXT PRIMARY KEY,
     root_cause TEXT NOT NULL,
     since INTEGER NOT NULL,
     sequence INTEGER NOT NULL,
     told INTEGER NOT NULL
   ) STRICT`,
  `CREATE INDEX IF NOT EXISTS shadows_owed ON shadows (sequence) WHERE told < sequence`,
];

export interface RootCauseRecord extends RootCauseUpdate {
  readonly told: number;
}

export interface PendingRootCauseUpdate extends RootCauseUpdate {
  readonly type: string;
}

/** What a root cause takes along. */
export interface Affected {
  readonly id: string;
  readonly type: string;
  readonly count: number;
  /** Epoch ms since when, of the first. */
  readonly since: number;
}

type ShadowRow = { id: string; root_cause: string; sequence: number; told: number };

export class RootCauseStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
  }

  /** Takes a condition in unless a newer one is known; true when the component is down now and was not, or the other way. */
  hear({ id, down, revision }: ConditionReport): boolean {
    const known = this.sql
      .exec<{ down: number; revision: number }>('SELECT down, revision FROM conditions WHERE id = ?', id)
      .toArray()[0];
    // Nothing is known of most, and nothing is wrong with them.
    if (known ? known.revision > revision || (known.down === 1) === down : !down) return false;
    this.sql.exec(
      `INSERT INTO conditions (id, down, revision) VALUES (?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET down = excluded.down, revision = excluded.revision`,
      id,
      down ? 1 : 0,
      revision,
    );
    return true;
  }

  /** Components of a type that are taken to be down since a revision up to that. */
  downOfType(type: string, revision: number): string[] {
    return this.sql
      .exec<{ id: string }>(
        `SELECT id FROM conditions JOIN directory USING (id) WHERE type = ? AND down = 1 AND revision <= ?`,
        type,
        revision,
      )
      .toArray()
      .map(({ id }) => id);
  }

  /** Those of `ids` that are down. */
  downAmong(ids: readonly string[]): Set<string> {
    const rows = this.sql.exec<{ id: string }>(
      'SELECT id FROM conditions WHERE down = 1 AND id IN (SELECT value FROM json_each(?))',
      JSON.stringify(ids),
    );
    return new Set(rows.toArray().map(({ id }) => id));
  }

  /** Those of `ids` that have a root cause, or are still to be told that they have none. */
  shadowsAmong(ids: readonly string[]): Map<string, RootCauseRecord> {
    return keyed(
      this.sql.exec<ShadowRow>(
        'SELECT id, root_cause, sequence, told FROM shadows WHERE id IN (SELECT value FROM json_each(?))',
        JSON.stringify(ids),
      ),
    );
  }

  shadowsOfType(type: string): Map<string, RootCauseRecord> {
    return keyed(
      this.sql.exec<ShadowRow>(
        `SELECT shadows.id, root_cause, shadows.sequence, told FROM shadows JOIN directory USING (id) WHERE type = ?`,
        type,
      ),
    );
  }

  /** Keeps it and owes it to the component's registry. */
  save({ id, rootCause, sequence }: RootCauseUpdate, now: number): void {
    this.sql.exec(
      `INSERT INTO shadows (id, root_cause, since, sequence, told) VALUES (?1, ?2, ?3, ?4, 0)
       ON CONFLICT (id) DO UPDATE SET root_cause = ?2, since = iif(root_cause = ?2, since, ?3), sequence = ?4`,
      id,
      JSON.stringify(rootCause),
      now,
      sequence,
    );
  }

  forget(id: string): void {
    this.sql.exec('DELETE FROM conditions WHERE id = ?', id);
    this.sql.exec('DELETE FROM shadows WHERE id = ?', id);
  }

  /** The oldest that registries have not taken yet, after a sequence. */
  owed(after: number, limit: number): PendingRootCauseUpdate[] {
    return this.sql
      .exec<ShadowRow & { type: string }>(
        `SELECT shadows.id, type, root_cause, shadows.sequence, told FROM shadows JOIN directory USING (id)
         WHERE told < shadows.sequence AND shadows.sequence > ? ORDER BY shadows.sequence LIMIT ?`,
        after,
        limit,
      )
      .toArray()
      .map((row) => ({ ...toShadow(row), type: row.type }));
  }

  /** The registry has these. One that says that nothing is wrong has done its work. */
  settle(turns: readonly RootCauseUpdate[]): void {
    for (const { id, sequence } of turns) {
      this.sql.exec(`DELETE FROM shadows WHERE id = ? AND root_cause = '[]' AND sequence <= ?`, id, sequence);
      this.sql.exec('UPDATE shadows SET told = ?2 WHERE id = ?1 AND told < ?2', id, sequence);
    }
  }

  /** The root causes there are, those that take most along first. */
  affected(): Affected[] {
    return this.sql
      .exec<{ id: string; type: string; count: number; since: number }>(
        `SELECT value AS id, directory.type AS type, COUNT(*) AS count, MIN(since) AS since
         FROM shadows JOIN json_each(shadows.root_cause) JOIN directory ON directory.id = value
         GROUP BY value ORDER BY count DESC, value`,
      )
      .toArray();
  }

  trim(): void {
    this.sql.exec(`DELETE FROM conditions WHERE ${GONE}`);
    this.sql.exec(`DELETE FROM shadows WHERE ${GONE}`);
  }
}

const toShadow = ({ id, root_cause, sequence, told }: ShadowRow): RootCauseRecord => ({
  id,
  rootCause: JSON.parse(root_cause) as string[],
  sequence,
  told,
});

const keyed = (rows: Iterable<ShadowRow>): Map<string, RootCauseRecord> =>
  new Map(Array.from(rows, (row) => [row.id, toShadow(row)]));
