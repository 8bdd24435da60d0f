/**
 * All SQL of the configuration: every document with the revision that made it so. The newest of a scope is in
 * force; those before it are kept for whoever wants to look or go back.
 */
import type { ConfigDocuments, ConfigScope, Revised } from '../core/config/config-documents.ts';
import { NO_DOCUMENTS, withDocument } from '../core/config/config-documents.ts';
import type { TypeConfig } from '../core/config/settings.ts';

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS config_documents (
     scope TEXT NOT NULL,
     revision INTEGER NOT NULL,
     document TEXT NOT NULL,
     changed_at INTEGER NOT NULL,
     PRIMARY KEY (scope, revision)
   ) STRICT`,
];

/** Earlier revisions kept of each document. */
const KEEP_EARLIER = 100;

type ConfigRow = { scope: string; revision: number; document: string };

export class ConfigStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
  }

  /** Those in force. */
  load(): ConfigDocuments {
    return this.sql
      .exec<ConfigRow>(
        'SELECT scope, MAX(revision) AS revision, document FROM config_documents GROUP BY scope ORDER BY 2',
      )
      .toArray()
      .reduce((documents, row) => withDocument(documents, readScope(row.scope), toRevised(row)), NO_DOCUMENTS);
  }

  save(scope: ConfigScope, { revision, document }: Revised<TypeConfig>, now: number): void {
    const name = scopeName(scope);
    this.sql.exec(
      'INSERT INTO config_documents (scope, revision, document, changed_at) VALUES (?, ?, ?, ?)',
      name,
      revision,
      JSON.stringify(document),
      now,
    );
    this.sql.exec(
      `DELETE FROM config_documents WHERE scope = ?1 AND revision NOT IN
         (SELECT revision FROM config_documents WHERE scope = ?1 ORDER BY revision DESC LIMIT ?2)`,
      name,
      KEEP_EARLIER + 1,
    );
  }
}

const TYPE_PREFIX = 'type:';

const scopeName = (scope: ConfigScope): string => (scope.kind === 'global' ? 'global' : TYPE_PREFIX + scope.type);

const readScope = (name: string): ConfigScope =>
  name.startsWith(TYPE_PREFIX) ? { kind: 'type', type: name.slice(TYPE_PREFIX.length) } : { kind: 'global' };

/** It was checked before it was stored. */
const toRevised = ({ revision, document }: ConfigRow): Revised<TypeConfig> => ({
  revision,
  document: JSON.parse(document) as TypeConfig,
});
