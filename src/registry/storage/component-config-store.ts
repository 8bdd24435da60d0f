/**
 * All SQL of what is set for single components. It outlives the component for a while: an instance that returns goes by
 * it from its first check on. The coordinator keeps it longer, and tells it anew whenever a component comes.
 */
import type { ComponentOverrides } from '../../core/config/component-config.ts';
import type { GlobalConfig } from '../../core/config/settings.ts';

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS component_config (
     component_id TEXT PRIMARY KEY,
     revision INTEGER NOT NULL,
     overrides TEXT NOT NULL,
     gone_at INTEGER
   ) STRICT`,
  'CREATE INDEX IF NOT EXISTS component_config_gone ON component_config (gone_at) WHERE gone_at IS NOT NULL',
];

/** A day less than the coordinator's: what it has forgotten nobody goes by. */
const KEEP_GONE_MS = 29 * 86_400_000;

type Row = { component_id: string; revision: number; overrides: string };

export class ComponentConfigStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
  }

  load(): ComponentOverrides[] {
    const rows = this.sql.exec<Row>('SELECT component_id, revision, overrides FROM component_config').toArray();
    return rows.flatMap((row) => readRow(row) ?? []);
  }

  save({ id, revision, overrides }: ComponentOverrides, goneAt: number | null): void {
    this.sql.exec(
      `INSERT INTO component_config (component_id, revision, overrides, gone_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (component_id) DO UPDATE SET revision = excluded.revision, overrides = excluded.overrides,
         gone_at = excluded.gone_at`,
      id,
      revision,
      JSON.stringify(overrides),
      goneAt,
    );
  }

  /** Its component is gone since, or (null) there again. */
  noteGone(id: string, goneAt: number | null): void {
    this.sql.exec('UPDATE component_config SET gone_at = ? WHERE component_id = ?', goneAt, id);
  }

  /** Forgets those of components that did not return; answers their ids. */
  trim(now: number): string[] {
    return this.sql
      .exec<{ component_id: string }>(
        'DELETE FROM component_config WHERE gone_at < ? RETURNING component_id',
        now - KEEP_GONE_MS,
      )
      .toArray()
      .map(({ component_id }) => component_id);
  }
}

function readRow({ component_id: id, revision, overrides }: Row): ComponentOverrides | undefined {
  try {
    return { id, revision, overrides: JSON.parse(overrides) as GlobalConfig };
  } catch {
    // As if nothing were set, until the coordinator tells it again.
    return undefined;
  }
}
