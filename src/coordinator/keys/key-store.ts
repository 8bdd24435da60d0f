/**
 * All SQL of the keys. Each change increments the shared revision and stores it in the row, so that an edge fetches
 * only changes. Rows of revoked keys are kept for a while, so that edges learn of the revocation.
 */
import { parseArray, parseObject } from '../../core/stored-json.ts';
import { readStored } from '../../logging/read-stored.ts';
import type { AccessKey, KeySecret } from '../../core/access/access-key.ts';
import type { KeyQuotas } from '../../core/access/key-quotas.ts';
import { NO_QUOTAS } from '../../core/access/key-quotas.ts';
import type { KeyCounterStore } from './key-counter-store.ts';

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS access_keys (
     id TEXT PRIMARY KEY,
     name TEXT NOT NULL,
     scopes TEXT NOT NULL,
     secrets TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     expires_at INTEGER,
     revoked_at INTEGER,
     last_used_at INTEGER,
     issued_by TEXT,
     issued_to TEXT,
     revision INTEGER NOT NULL,
     quotas TEXT
   ) STRICT`,
  `CREATE INDEX IF NOT EXISTS access_keys_changed ON access_keys (revision)`,
  `CREATE INDEX IF NOT EXISTS access_keys_issued_to ON access_keys (issued_to) WHERE issued_to IS NOT NULL`,
  `CREATE INDEX IF NOT EXISTS access_keys_issued_by ON access_keys (issued_by) WHERE issued_by IS NOT NULL`,
];

/** Operators see revoked keys in the list for this long. */
const KEEP_REVOKED_MS = 30 * 86_400_000;
/** Keys of components are numerous and short-lived. The time still exceeds how long an edge works without a sync. */
const KEEP_REVOKED_ISSUED_MS = 3_600_000;
/** Resolution of `last_used_at`. Each update is a row written. */
const USED_EVERY_MS = 300_000;

const IS_TRIMMABLE = 'revoked_at < ?1 OR expires_at < ?1 OR (issued_to IS NOT NULL AND revoked_at < ?2)';

interface KeyRow extends Record<string, SqlStorageValue> {
  id: string;
  name: string;
  scopes: string;
  secrets: string;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
  last_used_at: number | null;
  issued_by: string | null;
  issued_to: string | null;
  revision: number;
  quotas: string | null;
}

export interface RevisedKey {
  readonly key: AccessKey;
  readonly revision: number;
}

export class KeyStore {
  private readonly sql: SqlStorage;
  private readonly scalars: KeyCounterStore;

  constructor(sql: SqlStorage, scalars: KeyCounterStore) {
    this.sql = sql;
    this.scalars = scalars;
    for (const statement of SCHEMA) sql.exec(statement);
    // Tables of older versions lack the column `quotas`.
    const known = sql.exec("SELECT 1 FROM pragma_table_info('access_keys') WHERE name = 'quotas'").toArray();
    if (known.length === 0) sql.exec('ALTER TABLE access_keys ADD COLUMN quotas TEXT');
    this.countIfMissing();
  }

  /** Inserts or replaces a key under the next revision. */
  save(key: AccessKey): void {
    this.scalars.write('in-force', this.inForce() - this.counted(key.id) + (key.revokedAt === null ? 1 : 0));
    this.sql.exec(
      `INSERT INTO access_keys (id, name, scopes, secrets, created_at, expires_at, revoked_at, last_used_at, issued_by, issued_to, revision,
         quotas)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET secrets = excluded.secrets, expires_at = excluded.expires_at,
         revoked_at = excluded.revoked_at, issued_by = excluded.issued_by, revision = excluded.revision,
         quotas = excluded.quotas`,
      key.id,
      key.name,
      JSON.stringify(key.scopes),
      JSON.stringify(key.secrets),
      key.createdAt,
      key.expiresAt,
      key.revokedAt,
      key.lastUsedAt,
      key.issuedBy,
      key.issuedTo,
      this.scalars.nextRevision(),
      JSON.stringify(key.quotas),
    );
  }

  find(id: string): AccessKey | undefined {
    return this.sql.exec<KeyRow>('SELECT * FROM access_keys WHERE id = ?', id).toArray().map(toKey)[0];
  }

  /** Keys by id, ascending, after the id `after`. */
  list(after: string, limit: number): AccessKey[] {
    return this.sql
      .exec<KeyRow>('SELECT * FROM access_keys WHERE id > ? ORDER BY id LIMIT ?', after, limit)
      .toArray()
      .map(toKey);
  }

  /** Unrevoked keys issued to a component, newest first. */
  issuedTo(componentId: string): AccessKey[] {
    return this.sql
      .exec<KeyRow>(
        'SELECT * FROM access_keys WHERE issued_to = ? AND revoked_at IS NULL ORDER BY created_at DESC',
        componentId,
      )
      .toArray()
      .map(toKey);
  }

  /** Unrevoked keys issued under a registrar's key. */
  issuedBy(keyId: string): AccessKey[] {
    return this.sql
      .exec<KeyRow>('SELECT * FROM access_keys WHERE issued_by = ? AND revoked_at IS NULL', keyId)
      .toArray()
      .map(toKey);
  }

  /**
   * Keys changed after `revision`, in order of their changes. Keys that had ended by revision `endedUpTo` are left out:
   * an edge that starts there never had them.
   */
  changedSince(
    revision: number,
    { endedUpTo, now }: { readonly endedUpTo: number; readonly now: number },
    limit: number,
  ): RevisedKey[] {
    return this.sql
      .exec<KeyRow>(
        `SELECT * FROM access_keys WHERE revision > ?1
           AND (revision > ?2 OR (revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?3)))
         ORDER BY revision LIMIT ?4`,
        revision,
        endedUpTo,
        now,
        limit,
      )
      .toArray()
      .map((row) => ({ key: toKey(row), revision: row.revision }));
  }

  /** Revision of the last change. */
  get revision(): number {
    return this.scalars.revision;
  }

  /** Revision up to which rows were deleted. An edge with an older revision needs a full copy. */
  get forgottenUpTo(): number {
    return this.scalars.read('forgotten') ?? 0;
  }

  /** Number of keys that are not revoked. */
  inForce(): number {
    return this.scalars.read('in-force') ?? 0;
  }

  /** Records a use of the key, at most once in five minutes. The revision stays the same. */
  noteUsed(id: string, at: number): void {
    this.sql.exec(
      'UPDATE access_keys SET last_used_at = ?1 WHERE id = ?2 AND (last_used_at IS NULL OR last_used_at <= ?1 - ?3)',
      at,
      id,
      USED_EVERY_MS,
    );
  }

  /** Deletes keys that were revoked or expired long ago. */
  trim(now: number): void {
    const bounds = [now - KEEP_REVOKED_MS, now - KEEP_REVOKED_ISSUED_MS];
    const { upTo, counted } = this.sql
      .exec<{ upTo: number | null; counted: number }>(
        `SELECT MAX(revision) AS upTo, COUNT(*) FILTER (WHERE revoked_at IS NULL) AS counted
         FROM access_keys WHERE ${IS_TRIMMABLE}`,
        ...bounds,
      )
      .one();
    if (upTo === null) return;
    this.sql.exec(`DELETE FROM access_keys WHERE ${IS_TRIMMABLE}`, ...bounds);
    this.scalars.write('forgotten', Math.max(upTo, this.forgottenUpTo));
    this.scalars.write('in-force', this.inForce() - counted);
  }

  /** Initializes the counter in databases of older versions. */
  private countIfMissing(): void {
    if (this.scalars.read('in-force') !== undefined) return;
    const counting = 'SELECT COUNT(*) AS n FROM access_keys WHERE revoked_at IS NULL';
    this.scalars.write('in-force', this.sql.exec<{ n: number }>(counting).one().n);
  }

  /** 1 if the stored key counts as not revoked, otherwise 0. */
  private counted(id: string): number {
    const counting = 'SELECT COUNT(*) AS n FROM access_keys WHERE id = ? AND revoked_at IS NULL';
    return this.sql.exec<{ n: number }>(counting, id).one().n;
  }
}

/** A key that cannot be read permits nothing: it has neither scopes nor secrets, but can be listed and revoked. */
const toKey = (row: KeyRow): AccessKey => ({
  id: row.id,
  name: row.name,
  ...readStored('access_keys', row, readGrants, () => ({ scopes: [], secrets: [], quotas: NO_QUOTAS })),
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  revokedAt: row.revoked_at,
  lastUsedAt: row.last_used_at,
  issuedBy: row.issued_by,
  issuedTo: row.issued_to,
});

const readGrants = ({ scopes, secrets, quotas }: KeyRow): Pick<AccessKey, 'scopes' | 'secrets' | 'quotas'> => ({
  scopes: parseArray<string>(scopes),
  secrets: parseArray<KeySecret>(secrets),
  quotas: quotas === null ? NO_QUOTAS : parseObject<KeyQuotas>(quotas),
});
