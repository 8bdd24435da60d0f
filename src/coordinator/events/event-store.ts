/** All SQL of the event log and of the roll-ups that registries push. */
import * as z from 'zod';
import type { EventDraft, EventType, LoggedEvent } from '../../core/event/coordinator-event.ts';
import type { LogPage, LogSpan } from '../../core/event/log-page.ts';
import type { TypeHealth } from '../../core/health/system-health.ts';
import type { JsonObject } from '../../core/json.ts';
import { MAX_PAGE_BYTES, boundedPage, utf8Length } from '../../core/bounded-page.ts';
import type { EventQuery } from '../contract/coordinator-api.ts';

/** Oldest events go beyond this many. */
const MAX_EVENTS = 20_000;

/** What an event takes as JSON beside its data. */
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

/** Two pushes that overtake each other are less apart. */
const CLOCK_MS = 60_000;
const TypeHealthRowSchema = z.looseObject({ type: z.string(), revision: z.number() });

export class EventStore {
  private readonly sql: SqlStorage;
  private readonly appended: () => void;

  /** `appended` is told of each event within the transaction that stores it: who must wait for its end does so itself. */
  constructor(sql: SqlStorage, appended: () => void = () => undefined) {
    this.sql = sql;
    this.appended = appended;
    for (const statement of SCHEMA) sql.exec(statement);
  }

  /** Appends and answers the logged event, or null when the key is there already: that leaves no gap. */
  append(draft: EventDraft): LoggedEvent | null {
    // Not ON CONFLICT DO NOTHING: that would use up a number of the sequence.
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
    this.appended();
    return { ...draft, sequence };
  }

  /** As many as the query asks for and a page has room for; the rest is after the last one. */
  list(query: EventQuery): LoggedEvent[] {
    return this.take(query).items;
  }

  /** The same, with what the log holds in all. */
  page(query: EventQuery): LogPage {
    return { ...this.span(), ...this.take(query) };
  }

  span(): LogSpan {
    // One at a time: only so is each of them read from its end of the table.
    const { oldest, newest } = this.sql
      .exec<{ oldest: number | null; newest: number | null }>(
        'SELECT (SELECT MIN(sequence) FROM events) AS oldest, (SELECT MAX(sequence) FROM events) AS newest',
      )
      .one();
    return { oldest: oldest ?? 1, newest: newest ?? 0 };
  }

  private take(query: EventQuery): { items: LoggedEvent[]; more: boolean } {
    const types = query.types ? JSON.stringify(query.types) : null;
    const order = query.newest ? 'DESC' : 'ASC';
    const rows = this.sql.exec<EventRow>(
      `SELECT * FROM events WHERE sequence > ?1 AND (?2 IS NULL OR type IN (SELECT value FROM json_each(?2)))
       AND (?4 IS NULL OR subject = ?4) ORDER BY sequence ${order} LIMIT ?3`,
      query.after,
      types,
      // One more tells whether there is one.
      query.limit + 1,
      query.subject ?? null,
    );
    // Rows are drawn one by one: those beyond the page are never read.
    const room = { limit: query.limit, maxBytes: Math.min(query.maxBytes ?? MAX_PAGE_BYTES, MAX_PAGE_BYTES) };
    const { items, more } = boundedPage(rows, room, ({ data }) => ENVELOPE_BYTES + utf8Length(data));
    return { items: items.map(toEvent), more };
  }

  trim(): void {
    this.sql.exec('DELETE FROM events WHERE sequence <= (SELECT MAX(sequence) FROM events) - ?', MAX_EVENTS);
  }

  /** Keeps a type's roll-up unless a newer one is there. */
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
    return this.sql
      .exec<{ document: string }>('SELECT document FROM type_health ORDER BY type')
      .toArray()
      .map((row) => readTypeHealth(row.document));
  }

  private typeHealth(type: string): TypeHealth | undefined {
    return this.sql
      .exec<{ document: string }>('SELECT document FROM type_health WHERE type = ?', type)
      .toArray()
      .map((row) => readTypeHealth(row.document))[0];
  }
}

/** Of the same revision the later, unless the clock went back since. */
const isNewer = (known: TypeHealth, health: TypeHealth): boolean =>
  known.revision > health.revision ||
  (known.revision === health.revision &&
    known.updatedAt > health.updatedAt &&
    known.updatedAt - health.updatedAt < CLOCK_MS);

const readTypeHealth = (document: string): TypeHealth =>
  TypeHealthRowSchema.parse(JSON.parse(document)) as unknown as TypeHealth;

const toEvent = (row: EventRow): LoggedEvent => ({
  sequence: row.sequence,
  key: row.key,
  type: row.type as EventType,
  subject: row.subject,
  time: row.time,
  data: JSON.parse(row.data) as JsonObject,
});
