/** All SQL of the open sums of failure reports, which are not in the history yet. */
import type { FailureReport } from '../../core/failure/failure.ts';
import { parseObject } from '../../core/stored-json.ts';
import { readRows } from '../../logging/read-stored.ts';

const SCHEMA = `CREATE TABLE IF NOT EXISTS failure_sums (
  id TEXT PRIMARY KEY,
  sum_key TEXT NOT NULL,
  closes_at INTEGER NOT NULL,
  occurrences INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  report TEXT NOT NULL
) STRICT`;

export interface StoredSum {
  /** Id of the failure that stands for all of them. */
  readonly id: string;
  /** Component, failure type and key of the caller. */
  readonly sumKey: string;
  /** Epoch ms at which the sum may be written to the history. */
  readonly closesAt: number;
  readonly occurrences: number;
}

export interface SumChange extends StoredSum {
  /** The newest report. The first one is stored. */
  readonly report: FailureReport;
}

export class FailureSumStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    sql.exec(SCHEMA);
  }

  /** Open sums, the oldest first. */
  load(): StoredSum[] {
    return this.sql
      .exec<{ id: string; sumKey: string; closesAt: number; occurrences: number }>(
        'SELECT id, sum_key AS sumKey, closes_at AS closesAt, occurrences FROM failure_sums ORDER BY rowid',
      )
      .toArray();
  }

  save({ id, sumKey, closesAt, occurrences, report }: SumChange): void {
    this.sql.exec(
      `INSERT INTO failure_sums (id, sum_key, closes_at, occurrences, last_at, report) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET occurrences = excluded.occurrences, last_at = excluded.last_at`,
      id,
      sumKey,
      closesAt,
      occurrences,
      report.occurredAt,
      JSON.stringify(report),
    );
  }

  /** Returns the sum as one failure: its first report, with the number of all and the time of the last. */
  read(id: string): FailureReport | undefined {
    const rows = this.sql
      .exec<{ occurrences: number; last_at: number; report: string }>(
        'SELECT occurrences, last_at, report FROM failure_sums WHERE id = ?',
        id,
      )
      .toArray();
    const read = (row: (typeof rows)[number]): FailureReport => ({
      ...parseObject<FailureReport>(row.report),
      occurrences: row.occurrences,
      lastOccurredAt: row.last_at,
    });
    return readRows('failure_sums', rows, read)[0];
  }

  remove(id: string): void {
    this.sql.exec('DELETE FROM failure_sums WHERE id = ?', id);
  }
}
