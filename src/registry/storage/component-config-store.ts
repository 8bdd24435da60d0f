/**
 * All SQL of the configuration of single components. A row outlives its component for `RETENTION_MS`, so that an
 * instance that registers again is configured from its first check on. The coordinator keeps the configuration longer,
 * and sends it again whenever a component registers.
 */
import { parseObject } from '../../core/stored-json.ts';
import { readRows } from '../../logging/read-stored.ts';
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

/** A day less than in the coordinator: no registry applies what the coordinator has deleted. */
const RETENTION_MS = 29 * 86_400_000;

type Row = { component_id: string; revision: number; overrides: string };

export class ComponentConfigStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
  }

  load(): ComponentOverrides[] {
    const rows = this.sql.exec<Row>('SELECT component_id, revision, overrides FROM component_config').toArray();
    return readRows('component_config', rows, readRow);
  }

  save({ id, revision, overrides }: ComponentOverrides, removedAt: number | null): void {
    this.sql.exec(
      `INSERT INTO component_config (component_id, revision, overrides, gone_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (component_id) DO UPDATE SET revision = excluded.revision, overrides = excluded.overrides,
         gone_at = excluded.gone_at`,
      id,
      revision,
      JSON.stringify(overrides),
      removedAt,
    );
  }

  /** Records when the component was removed, epoch ms; null when it is registered again. */
  markRemoved(id: string, removedAt: number | null): void {
    this.sql.exec('UPDATE component_config SET gone_at = ? WHERE component_id = ?', removedAt, id);
  }

  /** Deletes rows of components that did not return within `RETENTION_MS`; returns their ids. */
  trim(now: number): string[] {
    return this.sql
      .exec<{ component_id: string }>(
        'DELETE FROM component_config WHERE gone_at < ? RETURNING component_id',
        now - RETENTION_MS,
      )
      .toArray()
      .map(({ component_id }) => component_id);
  }
}

/** Without a readable row the type's settings apply until the coordinator sends the configuration again. */
const readRow = ({ component_id: id, revision, overrides }: Row): ComponentOverrides => ({
  id,
  revision,
  overrides: parseObject<GlobalConfig>(overrides),
});
