/**
 * All SQL of what is owed to the outside: the queue is only the way, this is the record.
 *
 * Of the deliveries that one webhook is owed about one subject, at most one has a time: the first in the order of events,
 * or the one that is on its way. The others wait for it. A delivery is `handed` (to the queue), `sending` (somebody took it
 * from there), and in between `waiting`; then it is `delivered` or `dead`.
 */
import type { AttemptRecord } from '../../core/delivery/delivery-attempt.ts';
import { BUILT_IN_ID } from '../../core/webhook/webhook.ts';
import type { DeliveryState, Delivery, DeliveryQuery } from '../contract/delivery-api.ts';

export interface NewDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly sequence: number;
  readonly type: string;
  readonly subject: string;
  /** The document to send, as text, the same at every attempt. */
  readonly payload: string;
}

/** Tells that an incident is open. As in the index, or that is not used. */
const FIRES = `type IN ('incident.opened', 'incident.repeated')`;

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS webhook_deliveries (
     place INTEGER PRIMARY KEY AUTOINCREMENT,
     id TEXT NOT NULL UNIQUE,
     webhook_id TEXT NOT NULL,
     sequence INTEGER NOT NULL,
     type TEXT NOT NULL,
     subject TEXT NOT NULL,
     state TEXT NOT NULL,
     attempt INTEGER NOT NULL DEFAULT 0,
     failures INTEGER NOT NULL DEFAULT 0,
     handovers INTEGER NOT NULL DEFAULT 0,
     next_at INTEGER,
     attempts TEXT NOT NULL DEFAULT '[]',
     created_at INTEGER NOT NULL,
     settled_at INTEGER,
     payload TEXT NOT NULL
   ) STRICT`,
  'CREATE INDEX IF NOT EXISTS webhook_deliveries_listed ON webhook_deliveries (webhook_id, place)',
  `CREATE INDEX IF NOT EXISTS webhook_deliveries_owed
     ON webhook_deliveries (webhook_id, subject, sequence, place) WHERE settled_at IS NULL`,
  'CREATE INDEX IF NOT EXISTS webhook_deliveries_due ON webhook_deliveries (webhook_id, next_at) WHERE next_at IS NOT NULL',
  `CREATE INDEX IF NOT EXISTS webhook_deliveries_under_way
     ON webhook_deliveries (webhook_id) WHERE state IN ('handed', 'sending')`,
  `CREATE INDEX IF NOT EXISTS webhook_deliveries_dead ON webhook_deliveries (webhook_id, place) WHERE state = 'dead'`,
  `CREATE INDEX IF NOT EXISTS webhook_deliveries_alerts ON webhook_deliveries (webhook_id, subject, sequence) WHERE ${FIRES}`,
];

const COLUMNS =
  'place, id, webhook_id, sequence, type, subject, state, attempt, failures, handovers, next_at, attempts, created_at';

const KEEP_SETTLED_MS = 7 * 86_400_000;
/** Settled ones of a webhook that are kept to be seen and replayed. */
export const MAX_SETTLED = 2_000;
/** Looked through at each trim, of a webhook: nothing reads the whole table. */
const TRIM_BATCH = 200;
const TRIM_EVERY = 500;

interface Row extends Record<string, SqlStorageValue> {
  place: number;
  id: string;
  webhook_id: string;
  sequence: number;
  type: string;
  subject: string;
  state: string;
  attempt: number;
  failures: number;
  handovers: number;
  next_at: number | null;
  attempts: string;
  created_at: number;
}

export class DeliveryStore {
  private readonly sql: SqlStorage;
  /** Settled of each webhook since they were last counted. */
  private readonly settledSince = new Map<string, number>();

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
    this.adoptOldTable();
  }

  /** Owes it; false when it is owed already, or was. It is due at once unless another about its subject comes first. */
  owe({ id, webhookId, sequence, type, subject, payload }: NewDelivery, now: number): boolean {
    const nextAt = this.owesAbout(webhookId, subject) ? null : now;
    const written = this.sql.exec(
      `INSERT OR IGNORE INTO webhook_deliveries
         (id, webhook_id, sequence, type, subject, payload, state, next_at, created_at)
       VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?, ?)`,
      id,
      webhookId,
      sequence,
      type,
      subject,
      payload,
      nextAt,
      now,
    );
    return written.rowsWritten > 0;
  }

  find(id: string): Delivery | undefined {
    return this.read('WHERE id = ?', id)[0];
  }

  payloadOf(id: string): string {
    const sql = 'SELECT payload FROM webhook_deliveries WHERE id = ?';
    return this.sql.exec<{ payload: string }>(sql, id).one().payload;
  }

  /** Newest first. */
  list(webhookId: string, { state, before, limit }: DeliveryQuery): Delivery[] {
    const where = { owed: 'AND settled_at IS NULL', delivered: `AND state = 'delivered'`, dead: `AND state = 'dead'` };
    const filter = state === null ? '' : where[state];
    const order = `WHERE webhook_id = ? AND place < ? ${filter} ORDER BY place DESC LIMIT ?`;
    return this.read(order, webhookId, before ?? Number.MAX_SAFE_INTEGER, limit);
  }

  /** Those that are due and wait to be sent, the longest due first. */
  due(webhookId: string, now: number, limit: number): Delivery[] {
    const order = 'ORDER BY next_at, place LIMIT ?';
    return this.read(
      `WHERE webhook_id = ? AND next_at IS NOT NULL AND next_at <= ? AND state = 'waiting' ${order}`,
      webhookId,
      now,
      limit,
    );
  }

  /** Those given to the queue or to a sender. */
  underWay(webhookId: string): Delivery[] {
    return this.read(`WHERE webhook_id = ? AND state IN ('handed', 'sending')`, webhookId);
  }

  /** When the next one that waits is due. */
  nextDue(webhookId: string): number | null {
    const sql = `SELECT next_at FROM webhook_deliveries
      WHERE webhook_id = ? AND next_at IS NOT NULL AND state = 'waiting' ORDER BY next_at LIMIT 1`;
    return this.sql.exec<{ next_at: number }>(sql, webhookId).toArray()[0]?.next_at ?? null;
  }

  countOwed(webhookId: string): number {
    return this.count('settled_at IS NULL', webhookId);
  }

  countDead(webhookId: string): number {
    return this.count(`state = 'dead'`, webhookId);
  }

  dead(webhookId: string, limit: number): Delivery[] {
    return this.read(`WHERE webhook_id = ? AND state = 'dead' ORDER BY place LIMIT ?`, webhookId, limit);
  }

  /** The first that is owed about a subject, which the others wait for. */
  firstOwed(webhookId: string, subject: string): Delivery | undefined {
    const order = 'ORDER BY sequence, place LIMIT 1';
    return this.read(`WHERE webhook_id = ? AND subject = ? AND settled_at IS NULL ${order}`, webhookId, subject)[0];
  }

  /** The last that tells, or is to tell, that there is an incident about a subject. */
  lastFiring(webhookId: string, subject: string): Delivery | undefined {
    const order = 'ORDER BY sequence DESC LIMIT 1';
    return this.read(`WHERE webhook_id = ? AND subject = ? AND ${FIRES} ${order}`, webhookId, subject)[0];
  }

  hand(place: number, attempt: number, expectedBy: number): void {
    this.sql.exec(
      `UPDATE webhook_deliveries SET state = 'handed', attempt = ?, next_at = ?, handovers = handovers + 1 WHERE place = ?`,
      attempt,
      expectedBy,
      place,
    );
  }

  /** Somebody has it and will have reported by then. */
  send(place: number, attempts: readonly AttemptRecord[], expectedBy: number): void {
    this.sql.exec(
      `UPDATE webhook_deliveries SET state = 'sending', next_at = ?, attempts = ? WHERE place = ?`,
      expectedBy,
      JSON.stringify(attempts),
      place,
    );
  }

  /** It waits for another attempt, unless an older one about its subject has come back meanwhile: that goes first. */
  wait(
    { place, webhookId, subject, sequence }: Delivery,
    { attempts, failures, nextAt }: Pick<Delivery, 'attempts' | 'failures'> & { readonly nextAt: number },
  ): void {
    this.sql.exec(
      `UPDATE webhook_deliveries SET state = 'waiting', attempts = ?, failures = ?, handovers = 0, next_at = ? WHERE place = ?`,
      JSON.stringify(attempts),
      failures,
      nextAt,
      place,
    );
    const older = `SELECT 1 FROM webhook_deliveries
      WHERE webhook_id = ? AND subject = ? AND settled_at IS NULL AND sequence < ? LIMIT 1`;
    if (this.sql.exec(older, webhookId, subject, sequence).toArray().length > 0)
      this.reorder(webhookId, subject, Date.now());
  }

  settle(
    { place, webhookId, subject }: Delivery,
    to: { readonly state: 'delivered' | 'dead'; readonly attempts: readonly AttemptRecord[] },
    now: number,
  ): void {
    this.sql.exec(
      `UPDATE webhook_deliveries SET state = ?, attempts = ?, next_at = NULL, settled_at = ? WHERE place = ?`,
      to.state,
      JSON.stringify(to.attempts),
      now,
      place,
    );
    this.promote(webhookId, subject, now);
    const settled = (this.settledSince.get(webhookId) ?? 0) + 1;
    this.settledSince.set(webhookId, settled % TRIM_EVERY);
    if (settled >= TRIM_EVERY) this.trimCount(webhookId);
  }

  /** Owes it again, as if it had never failed; what is on its way stays there. */
  oweAgain({ place }: Pick<Delivery, 'place'>): void {
    this.sql.exec(
      `UPDATE webhook_deliveries SET state = 'waiting', failures = 0, handovers = 0, settled_at = NULL
       WHERE place = ? AND state NOT IN ('handed', 'sending')`,
      place,
    );
  }

  /** Puts those about a subject in their order after older ones have come back; the first is due at once. */
  reorder(webhookId: string, subject: string, now: number): void {
    this.sql.exec(
      `UPDATE webhook_deliveries SET next_at = NULL
       WHERE webhook_id = ? AND subject = ? AND settled_at IS NULL AND next_at IS NOT NULL AND state = 'waiting'`,
      webhookId,
      subject,
    );
    this.promote(webhookId, subject, now);
  }

  /** All that wait for another attempt get it now, with the whole schedule before them; answers how many. */
  hurry(webhookId: string, now: number): number {
    const waiting = this.count(`next_at IS NOT NULL AND state = 'waiting'`, webhookId);
    this.sql.exec(
      `UPDATE webhook_deliveries SET next_at = ?, failures = 0
       WHERE webhook_id = ? AND next_at IS NOT NULL AND state = 'waiting'`,
      now,
      webhookId,
    );
    return waiting;
  }

  removeAll(webhookId: string): void {
    this.sql.exec('DELETE FROM webhook_deliveries WHERE webhook_id = ?', webhookId);
  }

  /** What was settled a week ago is kept no longer; of a webhook that is no more, what was owed then. */
  trim(webhookId: string, isThere: boolean, now: number): void {
    const age = isThere ? 'settled_at' : 'created_at';
    this.sql.exec(
      `DELETE FROM webhook_deliveries WHERE ${age} < ? AND place IN (
         SELECT place FROM webhook_deliveries WHERE webhook_id = ? ORDER BY place LIMIT ?)`,
      now - KEEP_SETTLED_MS,
      webhookId,
      TRIM_BATCH,
    );
  }

  private trimCount(webhookId: string): void {
    this.sql.exec(
      `DELETE FROM webhook_deliveries WHERE webhook_id = ?1 AND settled_at IS NOT NULL AND place <= (
         SELECT place FROM webhook_deliveries WHERE webhook_id = ?1 AND settled_at IS NOT NULL
         ORDER BY place DESC LIMIT 1 OFFSET ?2)`,
      webhookId,
      MAX_SETTLED,
    );
  }

  /** The first about a subject is due, unless one of them is on its way. */
  private promote(webhookId: string, subject: string, now: number): void {
    if (this.underWay(webhookId).some((delivery) => delivery.subject === subject)) return;
    this.sql.exec(
      `UPDATE webhook_deliveries SET next_at = ?3 WHERE next_at IS NULL AND place = (
         SELECT place FROM webhook_deliveries WHERE webhook_id = ?1 AND subject = ?2 AND settled_at IS NULL
         ORDER BY sequence, place LIMIT 1)`,
      webhookId,
      subject,
      now,
    );
  }

  private owesAbout(webhookId: string, subject: string): boolean {
    const sql = 'SELECT 1 FROM webhook_deliveries WHERE webhook_id = ? AND subject = ? AND settled_at IS NULL LIMIT 1';
    return this.sql.exec(sql, webhookId, subject).toArray().length > 0;
  }

  private count(what: string, webhookId: string): number {
    const sql = `SELECT COUNT(*) AS n FROM webhook_deliveries WHERE webhook_id = ? AND ${what}`;
    return this.sql.exec<{ n: number }>(sql, webhookId).one().n;
  }

  private read(clause: string, ...values: (string | number)[]): Delivery[] {
    const sql = `SELECT ${COLUMNS} FROM webhook_deliveries ${clause}`;
    return this.sql
      .exec<Row>(sql, ...values)
      .toArray()
      .map(toDelivery);
  }

  /** What a version without webhooks owed is owed by the webhook of the configuration. */
  private adoptOldTable(): void {
    const tables = `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'deliveries'`;
    if (this.sql.exec(tables).toArray().length === 0) return;
    this.sql.exec(
      `INSERT OR IGNORE INTO webhook_deliveries
         (id, webhook_id, sequence, type, subject, payload, state, next_at, created_at)
       SELECT id, ?, CAST(json_extract(payload, '$.sequence') AS INTEGER), json_extract(payload, '$.type'),
         json_extract(payload, '$.subject'), payload, 'waiting', NULL, created_at
       FROM deliveries WHERE state = 'owed' ORDER BY created_at`,
      BUILT_IN_ID,
    );
    const sql = `SELECT DISTINCT subject FROM webhook_deliveries WHERE webhook_id = ? AND settled_at IS NULL`;
    const subjects = this.sql.exec<{ subject: string }>(sql, BUILT_IN_ID).toArray();
    for (const { subject } of subjects) this.promote(BUILT_IN_ID, subject, 0);
    this.sql.exec('DROP TABLE deliveries');
  }
}

const toDelivery = (row: Row): Delivery => ({
  place: row.place,
  id: row.id,
  webhookId: row.webhook_id,
  sequence: row.sequence,
  type: row.type,
  subject: row.subject,
  state: row.state as DeliveryState,
  attempt: row.attempt,
  failures: row.failures,
  handovers: row.handovers,
  nextAt: row.next_at,
  attempts: JSON.parse(row.attempts) as AttemptRecord[],
  createdAt: row.created_at,
});
