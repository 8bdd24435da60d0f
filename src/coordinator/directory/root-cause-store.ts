/**
 * All SQL of component conditions (down or not) and of the root causes that follow from them. A root cause stays
 * pending until the component's registry has acknowledged its sequence.
 */
import { parseArray } from '../../core/stored-json.ts';
import { readStored } from '../../logging/read-stored.ts';
import type { RootCauseUpdate } from '../../core/health/root-cause-update.ts';
import type { ConditionReport } from '../../core/event/condition-report.ts';

/** Matches rows of ids that are neither registered nor claimed. */
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
  readonly reportedSequence: number;
}

export interface PendingRootCauseUpdate extends RootCauseUpdate {
  readonly type: string;
}

/** A root cause and the number of components that it affects. */
export interface Affected {
  readonly id: string;
  readonly type: string;
  readonly count: number;
  /** When the first affected component was affected, epoch ms. */
  readonly since: number;
}

type RootCauseRow = { id: string; root_cause: string; sequence: number; told: number };

export class RootCauseStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
  }

  /**
   * Applies a condition report unless a newer one is known. Returns true if the component changed between down and up.
   */
  applyReport({ id, down, revision }: ConditionReport): boolean {
    const known = this.sql
      .exec<{ down: number; revision: number }>('SELECT down, revision FROM conditions WHERE id = ?', id)
      .toArray()[0];
    // Most components have no row, and are not down.
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

  /** Registered components of a type that are down according to reports up to `revision`. */
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

  /** The subset of `ids` that is down. */
  downAmong(ids: readonly string[]): Set<string> {
    const rows = this.sql.exec<{ id: string }>(
      'SELECT id FROM conditions WHERE down = 1 AND id IN (SELECT value FROM json_each(?))',
      JSON.stringify(ids),
    );
    return new Set(rows.toArray().map(({ id }) => id));
  }

  /** Records of `ids` that have a root cause, or whose empty root cause is still pending. */
  recordsAmong(ids: readonly string[]): Map<string, RootCauseRecord> {
    return keyed(
      this.sql.exec<RootCauseRow>(
        'SELECT id, root_cause, sequence, told FROM shadows WHERE id IN (SELECT value FROM json_each(?))',
        JSON.stringify(ids),
      ),
    );
  }

  recordsOfType(type: string): Map<string, RootCauseRecord> {
    return keyed(
      this.sql.exec<RootCauseRow>(
        `SELECT shadows.id, root_cause, shadows.sequence, told FROM shadows JOIN directory USING (id) WHERE type = ?`,
        type,
      ),
    );
  }

  /** Stores a root cause and makes it pending for the component's registry. */
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

  /** Pending updates after a sequence, oldest first. */
  pending(after: number, limit: number): PendingRootCauseUpdate[] {
    return this.sql
      .exec<RootCauseRow & { type: string }>(
        `SELECT shadows.id, type, root_cause, shadows.sequence, told FROM shadows JOIN directory USING (id)
         WHERE told < shadows.sequence AND shadows.sequence > ? ORDER BY shadows.sequence LIMIT ?`,
        after,
        limit,
      )
      .toArray()
      .map((row) => ({ ...toRecord(row), type: row.type }));
  }

  /** Records that the registry stored these updates. An acknowledged empty root cause is deleted. */
  settle(updates: readonly RootCauseUpdate[]): void {
    for (const { id, sequence } of updates) {
      this.sql.exec(`DELETE FROM shadows WHERE id = ? AND root_cause = '[]' AND sequence <= ?`, id, sequence);
      this.sql.exec('UPDATE shadows SET told = ?2 WHERE id = ?1 AND told < ?2', id, sequence);
    }
  }

  /** Root causes by number of affected components, descending. */
  affected(): Affected[] {
    return this.sql
      .exec<{ id: string; type: string; count: number; since: number }>(
        `SELECT value AS id, directory.type AS type, COUNT(*) AS count, MIN(since) AS since
         FROM shadows JOIN json_each(CASE WHEN json_valid(shadows.root_cause) THEN shadows.root_cause ELSE '[]' END) JOIN directory ON directory.id = value
         GROUP BY value ORDER BY count DESC, value`,
      )
      .toArray();
  }

  trim(): void {
    this.sql.exec(`DELETE FROM conditions WHERE ${GONE}`);
    this.sql.exec(`DELETE FROM shadows WHERE ${GONE}`);
  }
}

/** A cause that cannot be read counts as none: the next report of a dependency corrects it. */
const toRecord = ({ id, root_cause, sequence, told }: RootCauseRow): RootCauseRecord => ({
  id,
  rootCause: readStored(
    'shadows',
    { id, root_cause },
    (row) => parseArray<string>(row.root_cause),
    () => [],
  ),
  sequence,
  reportedSequence: told,
});

const keyed = (rows: Iterable<RootCauseRow>): Map<string, RootCauseRecord> =>
  new Map(Array.from(rows, (row) => [row.id, toRecord(row)]));
