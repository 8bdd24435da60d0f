/**
 * All SQL of the configuration documents of single components, and of their delivery to the registries. Each row keeps
 * the last revision that the registry of the component's type acknowledged, and is pending while the document is newer.
 * A document is kept for 30 days after its component was removed, in case the component registers again.
 */
import { parseObject } from '../../core/stored-json.ts';
import { readStored } from '../../logging/read-stored.ts';
import type { ComponentConfig, ComponentOverrides } from '../../core/config/component-config.ts';
import type { Revised } from '../../core/config/config-documents.ts';
import { RULE_SETTINGS } from '../../core/config/config-rules.ts';
import { settingsIn } from '../../core/config/system-config.ts';

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS component_configs (
     component_id TEXT PRIMARY KEY,
     type TEXT NOT NULL,
     revision INTEGER NOT NULL,
     length INTEGER NOT NULL,
     ruled INTEGER NOT NULL,
     valued INTEGER NOT NULL,
     told INTEGER NOT NULL,
     gone_at INTEGER,
     document TEXT NOT NULL
   ) STRICT`,
  'CREATE INDEX IF NOT EXISTS component_configs_owed ON component_configs (revision) WHERE told < revision',
  'CREATE INDEX IF NOT EXISTS component_configs_gone ON component_configs (gone_at) WHERE gone_at IS NOT NULL',
];

const KEEP_GONE_MS = 30 * 86_400_000;

type Row = { component_id: string; type: string; revision: number; document: string };

export interface PendingConfig extends ComponentOverrides {
  readonly type: string;
}

/** Selects the components that a change of the global document or of a type's document affects. */
export interface ConfigTarget {
  /** Null selects all types. */
  readonly type: string | null;
  /** Selects components whose document sets a name in `RULE_SETTINGS`. */
  readonly settings: boolean;
  /** Selects components whose document sets `values`. */
  readonly values: boolean;
}

const IS_AFFECTED = 'gone_at IS NULL AND (?1 IS NULL OR type = ?1) AND ((?2 AND ruled) OR (?3 AND valued))';

export class ComponentDocumentStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
  }

  find(id: string): Revised<ComponentConfig> | undefined {
    return this.sql.exec<Row>('SELECT * FROM component_configs WHERE component_id = ?', id).toArray().map(toRevised)[0];
  }

  revisionOf(id: string): number {
    return (
      this.sql
        .exec<{ revision: number }>('SELECT revision FROM component_configs WHERE component_id = ?', id)
        .toArray()[0]?.revision ?? 0
    );
  }

  save(id: string, type: string, { revision, document }: Revised<ComponentConfig>): void {
    this.sql.exec(
      `INSERT INTO component_configs (component_id, type, revision, document, length, ruled, valued, told)
       VALUES (?, ?, ?, ?4, LENGTH(?4), ?, ?, 0)
       ON CONFLICT (component_id) DO UPDATE SET type = excluded.type, revision = excluded.revision,
         document = excluded.document, length = excluded.length, ruled = excluded.ruled, valued = excluded.valued, told = 0, gone_at = NULL`,
      id,
      type,
      revision,
      JSON.stringify(document),
      Number(RULE_SETTINGS.some((name) => name in document)),
      Number(document.values !== undefined),
    );
  }

  /** Marks the document as pending again: the component may have moved to the registry of another type. */
  onRegistered(id: string, type: string): void {
    this.sql.exec('UPDATE component_configs SET type = ?, told = 0, gone_at = NULL WHERE component_id = ?', type, id);
  }

  onRemoved(id: string, now: number): void {
    this.sql.exec('UPDATE component_configs SET gone_at = ? WHERE component_id = ? AND gone_at IS NULL', now, id);
  }

  pending(after: number, limit: number): PendingConfig[] {
    return this.sql
      .exec<Row>(
        'SELECT * FROM component_configs WHERE told < revision AND revision > ? ORDER BY revision LIMIT ?',
        after,
        limit,
      )
      .toArray()
      .map((row) => ({
        id: row.component_id,
        type: row.type,
        revision: row.revision,
        overrides: settingsIn(toRevised(row).document),
      }));
  }

  /**
   * Records that the registry stored these revisions. The filter on type skips components that have changed their type
   * meanwhile.
   */
  settle(type: string, sent: readonly ComponentOverrides[]): void {
    for (const { id, revision } of sent)
      this.sql.exec(
        'UPDATE component_configs SET told = MAX(told, ?) WHERE component_id = ? AND type = ?',
        revision,
        id,
        type,
      );
  }

  /** Total length of the affected documents, in characters. */
  affectedLength({ type, settings, values }: ConfigTarget): number {
    return this.sql
      .exec<{ length: number }>(
        `SELECT COALESCE(SUM(length), 0) AS length FROM component_configs WHERE ${IS_AFFECTED}`,
        type,
        Number(settings),
        Number(values),
      )
      .one().length;
  }

  /** Reads rows lazily from the cursor, one document at a time. */
  *affected({
    type,
    settings,
    values,
  }: ConfigTarget): Generator<{ id: string; type: string; stored: Revised<ComponentConfig> }> {
    const rows = this.sql.exec<Row>(
      `SELECT * FROM component_configs WHERE ${IS_AFFECTED} ORDER BY component_id`,
      type,
      Number(settings),
      Number(values),
    );
    for (const row of rows) yield { id: row.component_id, type: row.type, stored: toRevised(row) };
  }

  /** Deletes documents of components removed more than 30 days ago. Returns the ids of those components. */
  trim(now: number): string[] {
    return this.sql
      .exec<{ component_id: string }>(
        'DELETE FROM component_configs WHERE gone_at < ? RETURNING component_id',
        now - KEEP_GONE_MS,
      )
      .toArray()
      .map(({ component_id }) => component_id);
  }
}

/** A document that cannot be read counts as empty: the settings of the type apply. */
const toRevised = (row: Row): Revised<ComponentConfig> =>
  readStored(
    'component_configs',
    row,
    ({ revision, document }) => ({ revision, document: parseObject<ComponentConfig>(document) }),
    ({ revision }) => ({ revision, document: {} }),
  );
