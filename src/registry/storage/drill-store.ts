/** All SQL of drills: one row each, the last fifty. While a drill runs, the component's record has its details. */
import { readRows } from '../../logging/read-stored.ts';
import * as z from 'zod';
import type { Drill } from '../../core/drill/drill.ts';

const SCHEMA = `CREATE TABLE IF NOT EXISTS drills (
  id TEXT PRIMARY KEY,
  began_at INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT`;

const MAX_DRILLS = 50;
const RowSchema = z.looseObject({ id: z.string(), componentId: z.string(), outcome: z.string() });

export class DrillStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    sql.exec(SCHEMA);
  }

  save(drill: Drill): void {
    this.sql.exec(
      `INSERT INTO drills (id, began_at, document) VALUES (?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET document = excluded.document`,
      drill.id,
      drill.startedAt,
      JSON.stringify(drill),
    );
    this.sql.exec(
      'DELETE FROM drills WHERE id NOT IN (SELECT id FROM drills ORDER BY began_at DESC, id DESC LIMIT ?)',
      MAX_DRILLS,
    );
  }

  /** Newest first. */
  list(): Drill[] {
    const sql = 'SELECT id, document FROM drills ORDER BY began_at DESC, id DESC';
    const rows = this.sql.exec<{ id: string; document: string }>(sql).toArray();
    return readRows('drills', rows, ({ document }) => RowSchema.parse(JSON.parse(document)) as unknown as Drill);
  }
}
