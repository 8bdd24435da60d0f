/**
 * All SQL of the configuration documents. Each row is a document with the revision that stored it. The newest row of a
 * scope is in force; older ones are kept for the history and for rollbacks. Rows of components are only history: the
 * document in force for a component is in `component-config-store.ts`.
 */
import { parseArray, parseObject } from '../../core/stored-json.ts';
import { readRows, readStored } from '../../logging/read-stored.ts';
import type { ConfigDocuments, ConfigScope, DocumentScope, Revised } from '../../core/config/config-documents.ts';
import { NO_DOCUMENTS, withDocument, withoutType } from '../../core/config/config-documents.ts';
import type { ChangedBy, StoredRevision, RevisionEntry } from '../../core/config/config-revision.ts';
import { maxRevisions } from '../../core/config/config-revision.ts';
import type { TypeConfig } from '../../core/config/settings.ts';
import type { JsonObject } from '../../core/json.ts';

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS config_documents (
     scope TEXT NOT NULL,
     revision INTEGER NOT NULL,
     document TEXT NOT NULL,
     changed_at INTEGER NOT NULL,
     changed_by TEXT,
     changed TEXT,
     restores INTEGER,
     PRIMARY KEY (scope, revision)
   ) STRICT`,
  // Last revision assigned. A revision must not be reused after its document was deleted.
  `CREATE TABLE IF NOT EXISTS config_sequence (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL) STRICT`,
];

/** Columns that older databases lack. */
const ADDED_COLUMNS = [
  ['changed_by', 'ALTER TABLE config_documents ADD COLUMN changed_by TEXT'],
  ['changed', 'ALTER TABLE config_documents ADD COLUMN changed TEXT'],
  ['restores', 'ALTER TABLE config_documents ADD COLUMN restores INTEGER'],
] as const;

type ConfigRow = { scope: string; revision: number; document: string };
type EntryRow = {
  revision: number;
  changed_at: number;
  changed_by: string | null;
  changed: string | null;
  restores: number | null;
};

export class ConfigStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
    const columns = sql.exec<{ name: string }>('PRAGMA table_info(config_documents)').toArray();
    for (const [name, add] of ADDED_COLUMNS) if (!columns.some((column) => column.name === name)) sql.exec(add);
  }

  /** Global document and documents of all types, as in force, without removed types. `;` is the character after `:`. */
  load(): ConfigDocuments {
    return this.sql
      .exec<ConfigRow>(
        `SELECT scope, MAX(revision) AS revision, document FROM config_documents
         WHERE scope = 'global' OR (scope >= 'type:' AND scope < 'type;') GROUP BY scope ORDER BY 2`,
      )
      .toArray()
      .reduce(applyRow, NO_DOCUMENTS);
  }

  /** Revision for the next change of any document. */
  nextRevision(): number {
    return this.lastRevision() + 1;
  }

  /** Revision of the last change of any document; 0 before the first. */
  lastRevision(): number {
    return (
      this.sql.exec<{ revision: number }>('SELECT revision FROM config_sequence').toArray()[0]?.revision ??
      this.sql.exec<{ revision: number }>('SELECT COALESCE(MAX(revision), 0) AS revision FROM config_documents').one()
        .revision
    );
  }

  /** Stores the document as the one in force. Null removes the type. */
  save(
    scope: DocumentScope,
    { document, ...entry }: Omit<StoredRevision, 'document'> & { document: TypeConfig | null },
  ): void {
    const name = scopeName(scope);
    this.sql.exec('INSERT OR REPLACE INTO config_sequence (id, revision) VALUES (1, ?)', entry.revision);
    this.sql.exec(
      `INSERT INTO config_documents (scope, revision, document, changed_at, changed_by, changed, restores)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      name,
      entry.revision,
      JSON.stringify(document),
      entry.changedAt,
      entry.changedBy && JSON.stringify(entry.changedBy),
      entry.changed && JSON.stringify(entry.changed),
      entry.restoredRevision,
    );
    this.sql.exec(
      `DELETE FROM config_documents WHERE scope = ?1 AND revision NOT IN
         (SELECT revision FROM config_documents WHERE scope = ?1 ORDER BY revision DESC LIMIT ?2)`,
      name,
      maxRevisions(scope),
    );
  }

  /** Kept revisions older than `before`, newest first. */
  history(scope: DocumentScope, before: number, limit: number): RevisionEntry[] {
    return readRows(
      'config_documents',
      this.sql
        .exec<EntryRow>(
          `SELECT revision, changed_at, changed_by, changed, restores FROM config_documents
         WHERE scope = ? AND revision < ? ORDER BY revision DESC LIMIT ?`,
          scopeName(scope),
          before,
          limit,
        )
        .toArray(),
      toEntry,
    );
  }

  revision(scope: DocumentScope, revision: number): StoredRevision | undefined {
    const sql = `SELECT * FROM config_documents WHERE scope = ? AND revision = ? AND document <> '${REMOVED}'`;
    const rows = this.sql.exec<EntryRow & ConfigRow>(sql, scopeName(scope), revision).toArray();
    return readRows('config_documents', rows, (row) => ({
      ...toEntry(row),
      document: parseObject<JsonObject>(row.document),
    }))[0];
  }

  /** Deletes all revisions of a scope. */
  drop(scope: DocumentScope): void {
    this.sql.exec('DELETE FROM config_documents WHERE scope = ?', scopeName(scope));
  }
}

/** The document of a removed type. The row keeps the revision and the author of the removal. */
const REMOVED = 'null';
const TYPE_PREFIX = 'type:';

function scopeName(scope: DocumentScope): string {
  if (scope.kind === 'component') return `component:${scope.id}`;
  return scope.kind === 'global' ? 'global' : TYPE_PREFIX + scope.type;
}

const readScope = (name: string): ConfigScope =>
  name.startsWith(TYPE_PREFIX) ? { kind: 'type', type: name.slice(TYPE_PREFIX.length) } : { kind: 'global' };

function applyRow(documents: ConfigDocuments, row: ConfigRow): ConfigDocuments {
  const scope = readScope(row.scope);
  return row.document === REMOVED && scope.kind === 'type'
    ? withoutType(documents, scope.type, row.revision)
    : withDocument(documents, scope, toRevised(row));
}

/** The document was validated before it was stored. One that cannot be read counts as empty: the defaults apply. */
const toRevised = (row: ConfigRow): Revised<TypeConfig> =>
  readStored(
    'config_documents',
    row,
    ({ revision, document }) => ({ revision, document: parseObject<TypeConfig>(document) }),
    ({ revision }) => ({ revision, document: {} }),
  );

const toEntry = ({ revision, changed_at, changed_by, changed, restores }: EntryRow): RevisionEntry => ({
  revision,
  changedAt: changed_at,
  changedBy: changed_by === null ? null : parseObject<ChangedBy>(changed_by),
  changed: changed === null ? null : parseArray<string>(changed),
  restoredRevision: restores,
});
