/** Audit entries in D1, each appended once by its id. Triggers reject updates, and deletes of recent rows. */
import type { AuditAction, AuditEntry } from '../core/access/audit-entry.ts';
import type { Json } from '../core/json.ts';
import type { Page, PageRequest } from './page.ts';
import { readPage } from './page.ts';

export interface AuditFilter {
  readonly keyId?: string | undefined;
  readonly action?: string | undefined;
  readonly subject?: string | undefined;
  /** Epoch ms, inclusive. */
  readonly since?: number | undefined;
  /** Epoch ms, exclusive. */
  readonly until?: number | undefined;
}

interface AuditRow {
  id: string;
  at: number;
  key_id: string;
  key_name: string;
  address: string | null;
  request_id: string;
  action: string;
  subject: string;
  before: string | null;
  after: string | null;
}

/** Appends all entries or none. Existing entries stay unchanged. */
export async function appendAudit(db: D1Database, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const insert = db.prepare(
    `INSERT OR IGNORE INTO audit (id, at, key_id, key_name, address, request_id, action, subject, before, after)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  await db.batch(
    entries.map(({ id, at, actor, action, subject, before, after }) =>
      insert.bind(
        toCursorId(id),
        at,
        actor.keyId,
        actor.keyName,
        actor.address,
        actor.requestId,
        action,
        subject,
        toText(before),
        toText(after),
      ),
    ),
  );
}

/** Newest first. */
export function listAudit(db: D1Database, filter: AuditFilter, request: PageRequest): Promise<Page<AuditEntry>> {
  const { keyId, action, subject, since, until } = filter;
  const filters = { key_id: keyId, action, subject };
  const listing = { table: 'audit', timeColumn: 'at', large: ['before', 'after'], filters, since, until } as const;
  return readPage<AuditRow, AuditEntry>(db, listing, request, toEntry);
}

/** Event keys may contain colons, which a page cursor cannot contain. */
const toCursorId = (id: string): string => id.replaceAll(':', '.');
const toText = (value: Json | null): string | null => (value === null ? null : JSON.stringify(value));
const fromText = (text: string | null): Json | null => (text === null ? null : (JSON.parse(text) as Json));

const toEntry = (row: AuditRow): AuditEntry => ({
  id: row.id,
  at: row.at,
  actor: { keyId: row.key_id, keyName: row.key_name, address: row.address, requestId: row.request_id },
  action: row.action as AuditAction,
  subject: row.subject,
  before: fromText(row.before),
  after: fromText(row.after),
});
