/**
 * All SQL of deliveries to webhooks. The queue only transports; this table is the record.
 *
 * States: `waiting`, `handed` (to the queue), `sending` (a sender has begun), then `delivered`, `dead` or `superseded`.
 * Invariant: per webhook and subject at most one pending delivery has a time: the first in the order of events, or the
 * one in flight. The others wait for it.
 */
import { supersededAlerts } from '../../core/alert/alert-succession.ts';
import { readArray } from '../../logging/read-stored.ts';
import type { AttemptRecord } from '../../core/delivery/delivery-attempt.ts';
import { judgeAttempt } from '../../core/delivery/delivery-attempt.ts';
import { BUILT_IN_ID } from '../../core/webhook/webhook.ts';
import { adoptOldDeliveries } from './adopt-old-deliveries.ts';
import type { DeliveryState, Delivery, DeliveryQuery } from '../contract/delivery-api.ts';

export interface NewDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly sequence: number;
  readonly type: string;
  readonly subject: string;
  /** Id of the incident, or of the group of incidents, that an alert is about; null for an event. */
  readonly alertId: string | null;
  /** Text of the request body, the same at every attempt. */
  readonly payload: string;
}

/**
 * Matches alerts of an open incident. The text must equal the condition of the index, or SQLite does not use the index.
 */
const IS_FIRING = `type IN ('incident.opened', 'incident.repeated')`;

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
     payload TEXT NOT NULL,
     alert_id TEXT
   ) STRICT`,
  'CREATE INDEX IF NOT EXISTS webhook_deliveries_listed ON webhook_deliveries (webhook_id, place)',
  `CREATE INDEX IF NOT EXISTS webhook_deliveries_owed
     ON webhook_deliveries (webhook_id, subject, sequence, place) WHERE settled_at IS NULL`,
  'CREATE INDEX IF NOT EXISTS webhook_deliveries_due ON webhook_deliveries (webhook_id, next_at) WHERE next_at IS NOT NULL',
  `CREATE INDEX IF NOT EXISTS webhook_deliveries_under_way
     ON webhook_deliveries (webhook_id) WHERE state IN ('handed', 'sending')`,
  `CREATE INDEX IF NOT EXISTS webhook_deliveries_dead ON webhook_deliveries (webhook_id, place) WHERE state = 'dead'`,
  `CREATE INDEX IF NOT EXISTS webhook_deliveries_alerts ON webhook_deliveries (webhook_id, subject, sequence) WHERE ${IS_FIRING}`,
];

const ALERT_INDEX = `CREATE INDEX IF NOT EXISTS webhook_deliveries_of_alert
  ON webhook_deliveries (webhook_id, alert_id) WHERE alert_id IS NOT NULL`;

const COLUMNS =
  'place, id, webhook_id, sequence, type, subject, alert_id, state, attempt, failures, handovers, next_at, attempts, created_at';

const KEEP_SETTLED_MS = 7 * 86_400_000;
/** Settled deliveries kept per webhook, for lookup and replay. */
export const MAX_SETTLED = 2_000;
/** Rows of a webhook examined per trim: no query reads the whole table. */
const TRIM_BATCH = 200;
const TRIM_EVERY = 500;

interface Row extends Record<string, SqlStorageValue> {
  place: number;
  id: string;
  webhook_id: string;
  sequence: number;
  type: string;
  subject: string;
  alert_id: string | null;
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
  /** Deliveries settled per webhook since the last trim. */
  private readonly settledSince = new Map<string, number>();

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
    const known = sql.exec("SELECT 1 FROM pragma_table_info('webhook_deliveries') WHERE name = 'alert_id'").toArray();
    if (known.length === 0) sql.exec('ALTER TABLE webhook_deliveries ADD COLUMN alert_id TEXT');
    sql.exec(ALERT_INDEX);
    for (const subject of adoptOldDeliveries(sql)) this.promote(BUILT_IN_ID, subject, 0);
  }

  /**
   * Enqueues a delivery. Returns false if its id already exists. The delivery is due at once unless an earlier one
   * about its subject is pending.
   */
  enqueue({ id, webhookId, sequence, type, subject, alertId, payload }: NewDelivery, now: number): boolean {
    const nextAt = this.hasPending(webhookId, subject) ? null : now;
    const written = this.sql.exec(
      `INSERT OR IGNORE INTO webhook_deliveries
         (id, webhook_id, sequence, type, subject, alert_id, payload, state, next_at, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', ?, ?)`,
      id,
      webhookId,
      sequence,
      type,
      subject,
      alertId,
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

  /** Deliveries of a webhook, newest first. */
  list(webhookId: string, { state, before, limit }: DeliveryQuery): Delivery[] {
    const where = {
      pending: 'AND settled_at IS NULL',
      delivered: `AND state = 'delivered'`,
      dead: `AND state = 'dead'`,
      superseded: `AND state = 'superseded'`,
    };
    const filter = state === null ? '' : where[state];
    const order = `WHERE webhook_id = ? AND place < ? ${filter} ORDER BY place DESC LIMIT ?`;
    return this.read(order, webhookId, before ?? Number.MAX_SAFE_INTEGER, limit);
  }

  /** Waiting deliveries that are due, the longest due first. */
  due(webhookId: string, now: number, limit: number): Delivery[] {
    const order = 'ORDER BY next_at, place LIMIT ?';
    return this.read(
      `WHERE webhook_id = ? AND next_at IS NOT NULL AND next_at <= ? AND state = 'waiting' ${order}`,
      webhookId,
      now,
      limit,
    );
  }

  /** Deliveries handed to the queue or to a sender. */
  inFlight(webhookId: string): Delivery[] {
    return this.read(`WHERE webhook_id = ? AND state IN ('handed', 'sending')`, webhookId);
  }

  /** Time at which the next waiting delivery is due, epoch ms; null if there is none. */
  nextDue(webhookId: string): number | null {
    const sql = `SELECT next_at FROM webhook_deliveries
      WHERE webhook_id = ? AND next_at IS NOT NULL AND state = 'waiting' ORDER BY next_at LIMIT 1`;
    return this.sql.exec<{ next_at: number }>(sql, webhookId).toArray()[0]?.next_at ?? null;
  }

  countPending(webhookId: string): number {
    return this.count('settled_at IS NULL', webhookId);
  }

  countDead(webhookId: string): number {
    return this.count(`state = 'dead'`, webhookId);
  }

  /** Whether a delivery has become dead at or after `time`, epoch ms. */
  hasDied(webhookId: string, time: number): boolean {
    const sql = `SELECT 1 FROM webhook_deliveries WHERE webhook_id = ? AND state = 'dead' AND settled_at >= ? LIMIT 1`;
    return this.sql.exec(sql, webhookId, time).toArray().length > 0;
  }

  dead(webhookId: string, limit: number): Delivery[] {
    return this.read(`WHERE webhook_id = ? AND state = 'dead' ORDER BY place LIMIT ?`, webhookId, limit);
  }

  /** Dead deliveries whose last attempt the receiver refused, unless a newer alert about the same incident exists. */
  refused(webhookId: string, limit: number): Delivery[] {
    return this.dead(webhookId, limit).filter(({ attempts, alertId, place }) => {
      const last = attempts.at(-1);
      const isRefused = last !== undefined && judgeAttempt({ ...last, retryAfterMs: null }).kind === 'refused';
      return isRefused && (alertId === null || this.alertsOf(webhookId, alertId).at(-1)?.place === place);
    });
  }

  /** Deliveries of the alerts about an incident or a group, oldest first. */
  alertsOf(webhookId: string, alertId: string): Delivery[] {
    return this.read('WHERE webhook_id = ? AND alert_id = ? ORDER BY sequence, place', webhookId, alertId);
  }

  /** Settles waiting alerts that a newer one about the same incident replaces. */
  dropSuperseded(webhookId: string, alertId: string, now: number): void {
    for (const delivery of supersededAlerts(this.alertsOf(webhookId, alertId)))
      this.settle(delivery, { state: 'superseded', attempts: delivery.attempts }, now);
  }

  /** First pending delivery about a subject, which the others wait for. */
  firstPending(webhookId: string, subject: string): Delivery | undefined {
    const order = 'ORDER BY sequence, place LIMIT 1';
    return this.read(`WHERE webhook_id = ? AND subject = ? AND settled_at IS NULL ${order}`, webhookId, subject)[0];
  }

  /** Last delivery, pending or settled, that reports an open incident about a subject. */
  lastFiring(webhookId: string, subject: string): Delivery | undefined {
    const order = 'ORDER BY sequence DESC LIMIT 1';
    return this.read(`WHERE webhook_id = ? AND subject = ? AND ${IS_FIRING} ${order}`, webhookId, subject)[0];
  }

  markHanded(place: number, attempt: number, expectedBy: number): void {
    this.sql.exec(
      `UPDATE webhook_deliveries SET state = 'handed', attempt = ?, next_at = ?, handovers = handovers + 1 WHERE place = ?`,
      attempt,
      expectedBy,
      place,
    );
  }

  /** Marks a delivery as being sent. `expectedBy` is when it counts as lost, epoch ms. */
  markSending(place: number, attempts: readonly AttemptRecord[], expectedBy: number): void {
    this.sql.exec(
      `UPDATE webhook_deliveries SET state = 'sending', next_at = ?, attempts = ? WHERE place = ?`,
      expectedBy,
      JSON.stringify(attempts),
      place,
    );
  }

  /**
   * Schedules another attempt. If an older delivery about the subject was enqueued again meanwhile, that one goes
   * first.
   */
  markWaiting(
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
    to: { readonly state: 'delivered' | 'dead' | 'superseded'; readonly attempts: readonly AttemptRecord[] },
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

  /** Enqueues a delivery again, with its failures reset. A delivery in flight is not changed. */
  requeue({ place }: Pick<Delivery, 'place'>): void {
    this.sql.exec(
      `UPDATE webhook_deliveries SET state = 'waiting', failures = 0, handovers = 0, settled_at = NULL
       WHERE place = ? AND state NOT IN ('handed', 'sending')`,
      place,
    );
  }

  /** Restores the order of a subject after older deliveries were enqueued again; the first is due at once. */
  reorder(webhookId: string, subject: string, now: number): void {
    this.sql.exec(
      `UPDATE webhook_deliveries SET next_at = NULL
       WHERE webhook_id = ? AND subject = ? AND settled_at IS NULL AND next_at IS NOT NULL AND state = 'waiting'`,
      webhookId,
      subject,
    );
    this.promote(webhookId, subject, now);
  }

  /** Makes all waiting deliveries due now, with their failures reset. Returns their number. */
  retryNow(webhookId: string, now: number): number {
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

  /** Deletes deliveries settled more than a week ago; if the webhook is gone, those created more than a week ago. */
  trim(webhookId: string, exists: boolean, now: number): void {
    const age = exists ? 'settled_at' : 'created_at';
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

  /** Makes the first pending delivery about a subject due, unless one of them is in flight. */
  private promote(webhookId: string, subject: string, now: number): void {
    if (this.inFlight(webhookId).some((delivery) => delivery.subject === subject)) return;
    this.sql.exec(
      `UPDATE webhook_deliveries SET next_at = ?3 WHERE next_at IS NULL AND place = (
         SELECT place FROM webhook_deliveries WHERE webhook_id = ?1 AND subject = ?2 AND settled_at IS NULL
         ORDER BY sequence, place LIMIT 1)`,
      webhookId,
      subject,
      now,
    );
  }

  private hasPending(webhookId: string, subject: string): boolean {
    const sql = 'SELECT 1 FROM webhook_deliveries WHERE webhook_id = ? AND subject = ? AND settled_at IS NULL LIMIT 1';
    return this.sql.exec(sql, webhookId, subject).toArray().length > 0;
  }

  private count(condition: string, webhookId: string): number {
    const sql = `SELECT COUNT(*) AS n FROM webhook_deliveries WHERE webhook_id = ? AND ${condition}`;
    return this.sql.exec<{ n: number }>(sql, webhookId).one().n;
  }

  private read(clause: string, ...values: (string | number)[]): Delivery[] {
    const sql = `SELECT ${COLUMNS} FROM webhook_deliveries ${clause}`;
    return this.sql
      .exec<Row>(sql, ...values)
      .toArray()
      .map(toDelivery);
  }
}

const toDelivery = (row: Row): Delivery => ({
  place: row.place,
  id: row.id,
  webhookId: row.webhook_id,
  sequence: row.sequence,
  type: row.type,
  subject: row.subject,
  alertId: row.alert_id,
  state: row.state as DeliveryState,
  attempt: row.attempt,
  failures: row.failures,
  handovers: row.handovers,
  nextAt: row.next_at,
  attempts: readArray<AttemptRecord>('webhook_deliveries', row.id, row.attempts),
  createdAt: row.created_at,
});
