/**
 * All SQL of the capacities with which the shares of components were last reported (`load.redistributed`): one small
 * row each, written only when the capacity differs.
 */
import type { Capacities } from '../../core/balancing/shares.ts';

const SCHEMA = `CREATE TABLE IF NOT EXISTS told_rooms (
  id TEXT PRIMARY KEY,
  room REAL NOT NULL
) STRICT, WITHOUT ROWID`;

export class ShareStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    sql.exec(SCHEMA);
  }

  load(): Map<string, number> {
    const rows = this.sql.exec<{ id: string; room: number }>('SELECT id, room FROM told_rooms').toArray();
    return new Map(rows.map(({ id, room }) => [id, room]));
  }

  save(before: Capacities, after: Capacities): void {
    for (const id of before.keys()) if (!after.has(id)) this.sql.exec('DELETE FROM told_rooms WHERE id = ?', id);
    for (const [id, capacity] of after) {
      if (before.get(id) === capacity) continue;
      this.sql.exec(
        'INSERT INTO told_rooms (id, room) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET room = excluded.room',
        id,
        capacity,
      );
    }
  }
}
