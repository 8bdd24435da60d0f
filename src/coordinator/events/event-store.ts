/** All SQL of the event log, and of the health roll-ups that registries push. */
import { parseObject } from '../../core/stored-json.ts';
import { readRows, readStored } from '../../logging/read-stored.ts';
import * as z from 'zod';
import type { EventDraft, EventType, LoggedEvent } from '../../core/event/coordinator-event.ts';
import type { LogPage, LogSpan } from '../../core/event/log-page.ts';
import type { TypeHealth } from '../../core/health/system-health.ts';
import type { JsonObject } from '../../core/json.ts';
import { MAX_PAGE_BYTES, boundedPage, utf8Length } from '../../core/bounded-page.ts';
import type { EventQuery } from '../contract/coordinator-api.ts';

/** The log keeps this many events and deletes the oldest. */
const MAX_EVENTS = 20_000;

/** Allowance for the JSON of an event without its data. */
const ENVELOPE_BYTES = 512;

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS events (
     sequence INTEGER PRIMARY KEY AUTOINCREMENT,
     key TEXT NOT NULL UNIQUE,
     type TEXT NOT NULL,
     subject TEXT NOT NULL,
     time INTEGER NOT NULL,
     data TEXT NOT NULL
   ) STRICT`,
  `CREATE TABLE IF NOT EXISTS type_health (type TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT`,
];

interface EventRow extends Record<string, SqlStorageValue> {
  sequence: number;
  key: string;
  type: string;
  subject: string;
  time: number;
  data: string;
}

type HealthRow = { type: string; document: string };

/** Reordered pushes are closer together than this. A larger difference means that the clock was set back. */
const MAX_CLOCK_SKEW_MS = 60_000;
const TypeHealthRowSchema = z.looseObject({ type: z.string(), revision: z.number() });

export class EventStore {
  private readonly sql: SqlStorage;
  private readonly onAppended: () => void;

  /**
   * `onAppended` runs within the transaction that stores the event, and must defer work that needs the transaction
   * stored.
   */
  constructor(sql: SqlStorage, onAppended: () => void = () => undefined) {
    this.sql = sql;
    this.onAppended = onAppended;
    for (const statement of SCHEMA) sql.exec(statement);
  }

  /**
   * Appends an event and returns it. Returns null if the key already exists; a duplicate leaves no gap in the sequence.
   */
  append(draft: EventDraft): LoggedEvent | null {
    // ON CONFLICT DO NOTHING would use up a sequence number.
    if (this.sql.exec('SELECT 1 FROM events WHERE key = ?', draft.key).toArray().length > 0) return null;
    const { sequence } = this.sql
      .exec<{ sequence: number }>(
        'INSERT INTO events (key, type, subject, time, data) VALUES (?, ?, ?, ?, ?) RETURNING sequence',
        draft.key,
        draft.type,
        draft.subject,
        draft.time,
        JSON.stringify(draft.data),
      )
      .one();
    this.onAppended();
    return { ...draft, sequence };
  }

  /** Matching events, at most `limit` and at most one page of bytes. */
  list(query: EventQuery): LoggedEvent[] {
    return this.readPage(query).items;
  }

  /** The same, with the span of the log. */
  page(query: EventQuery): LogPage {
    return { ...this.span(), ...this.readPage(query) };
  }

  span(): LogSpan {
    // Two subqueries, so that SQLite reads each bound from its end of the table.
    const { oldest, newest } = this.sql
      .exec<{ oldest: number | null; newest: number | null }>(
        'SELECT (SELECT MIN(sequence) FROM events) AS oldest, (SELECT MAX(sequence) FROM events) AS newest',
      )
      .one();
    return { oldest: oldest ?? 1, newest: newest ?? 0 };
  }

  private readPage(query: EventQuery): { items: LoggedEvent[]; more: boolean } {
    const types = query.types ? JSON.stringify(query.types) : null;
    const order = query.newest ? 'DESC' : 'ASC';
    const rows = this.sql.exec<EventRow>(
      `SELECT * FROM events WHERE sequence > ?1 AND (?2 IS NULL OR type IN (SELECT value FROM json_each(?2)))
       AND (?4 IS NULL OR subject = ?4) ORDER BY sequence ${order} LIMIT ?3`,
      query.after,
      types,
      // One extra row shows whether more events follow.
      query.limit + 1,
      query.subject ?? null,
    );
    // The cursor reads rows lazily: rows beyond the page are never read.
    const bounds = { limit: query.limit, maxBytes: Math.min(query.maxBytes ?? MAX_PAGE_BYTES, MAX_PAGE_BYTES) };
    const { items, more } = boundedPage(rows, bounds, ({ data }) => ENVELOPE_BYTES + utf8Length(data));
    return { items: items.map(toEvent), more };
  }

  trim(): void {
    this.sql.exec('DELETE FROM events WHERE sequence <= (SELECT MAX(sequence) FROM events) - ?', MAX_EVENTS);
  }

  /** Stores the roll-up of a type, unless a newer one is stored. */
  saveTypeHealth(health: TypeHealth): void {
    const known = this.typeHealth(health.type);
    if (known && isNewer(known, health)) return;
    this.sql.exec(
      'INSERT INTO type_health (type, document) VALUES (?, ?) ON CONFLICT (type) DO UPDATE SET document = excluded.document',
      health.type,
      JSON.stringify(health),
    );
  }

  allTypeHealth(): TypeHealth[] {
    const sql = 'SELECT type, document FROM type_health ORDER BY type';
    return readRows('type_health', this.sql.exec<HealthRow>(sql).toArray(), readTypeHealth);
  }

  private typeHealth(type: string): TypeHealth | undefined {
    const sql = 'SELECT type, document FROM type_health WHERE type = ?';
    return readRows('type_health', this.sql.exec<HealthRow>(sql, type).toArray(), readTypeHealth)[0];
  }
}

/** Orders by revision, then by time, unless the clock was set back. */
const isNewer = (known: TypeHealth, health: TypeHealth): boolean =>
  known.revision > health.revision ||
  (known.revision === health.revision &&
    known.updatedAt > health.updatedAt &&
    known.updatedAt - health.updatedAt < MAX_CLOCK_SKEW_MS);

/** The registry sends its roll-up again at least once a minute. */
const readTypeHealth = ({ document }: HealthRow): TypeHealth =>
  TypeHealthRowSchema.parse(JSON.parse(document)) as unknown as TypeHealth;

/** The sequence has no gaps, so an event that cannot be read is shown with the data `{ unreadable: true }`. */
const toEvent = (row: EventRow): LoggedEvent => ({
  sequence: row.sequence,
  key: row.key,
  type: row.type as EventType,
  subject: row.subject,
  time: row.time,
  data: readStored<EventRow, JsonObject>(
    'events',
    row,
    ({ data }) => parseObject(data),
    () => ({ unreadable: true }),
  ),
});
