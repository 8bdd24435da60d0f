/**
 * All SQL of leases: one row each, from its grant until some time after its end. The table is one b-tree without an
 * index, so a lease costs one write; scans of the whole table run once a minute. Ids begin with the time, so rows of
 * the same moment share pages.
 */
import type { EndedLease, Lease, LeaseEnd } from '../../core/lease/lease.ts';

const SCHEMA = `CREATE TABLE IF NOT EXISTS leases (
  id TEXT PRIMARY KEY,
  component_id TEXT NOT NULL,
  slots INTEGER NOT NULL,
  granted_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  ended TEXT,
  ended_at INTEGER,
  in_flight INTEGER,
  key_id TEXT
) STRICT, WITHOUT ROWID`;

interface LeaseRow extends Record<string, SqlStorageValue> {
  id: string;
  component_id: string;
  slots: number;
  granted_at: number;
  expires_at: number;
  ended: string | null;
  ended_at: number | null;
  in_flight: number | null;
  key_id: string | null;
}

export class LeaseStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    sql.exec(SCHEMA);
    // The table may be older than the column.
    const existing = sql.exec("SELECT 1 FROM pragma_table_info('leases') WHERE name = 'key_id'").toArray();
    if (existing.length === 0) sql.exec('ALTER TABLE leases ADD COLUMN key_id TEXT');
  }

  loadActive(): Lease[] {
    return this.sql.exec<LeaseRow>('SELECT * FROM leases WHERE ended IS NULL').toArray().map(toLease);
  }

  /** A lease that has ended and is still remembered. */
  readEnded(id: string): EndedLease | undefined {
    const [row] = this.sql.exec<LeaseRow>('SELECT * FROM leases WHERE id = ? AND ended IS NOT NULL', id).toArray();
    return row && toEnded(row);
  }

  save(lease: Lease): void {
    this.sql.exec(
      `INSERT INTO leases (id, component_id, slots, granted_at, expires_at, key_id) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at`,
      lease.id,
      lease.componentId,
      lease.slots,
      lease.grantedAt,
      lease.expiresAt,
      lease.keyId,
    );
  }

  end({ id, end, endedAt, inFlight }: EndedLease): void {
    this.sql.exec(
      'UPDATE leases SET ended = ?, ended_at = ?, in_flight = ? WHERE id = ? AND ended IS NULL',
      end,
      endedAt,
      inFlight,
      id,
    );
  }

  /** Secret that signs leases out of blocks; undefined before the first block. */
  readSecret(): string | undefined {
    return this.sql.exec<{ value: string }>("SELECT value FROM scalars WHERE name = 'lease-secret'").toArray()[0]
      ?.value;
  }

  saveSecret(secret: string): void {
    this.sql.exec("INSERT OR IGNORE INTO scalars (name, value) VALUES ('lease-secret', ?)", secret);
  }

  /** Deletes leases that ended at or before `until`, epoch ms. */
  forgetEnded(until: number): void {
    this.sql.exec('DELETE FROM leases WHERE ended_at <= ?', until);
  }
}

const toLease = (row: LeaseRow): Lease => ({
  id: row.id,
  componentId: row.component_id,
  slots: row.slots,
  grantedAt: row.granted_at,
  expiresAt: row.expires_at,
  keyId: row.key_id,
});

const toEnded = (row: LeaseRow): EndedLease => ({
  ...toLease(row),
  end: row.ended as LeaseEnd,
  endedAt: row.ended_at ?? 0,
  inFlight: row.in_flight ?? 0,
});
