/**
 * All SQL of a registry's history: samples and transitions. Each minute is one row with the samples of the whole type.
 * After an hour, its rows are rolled up into two rows per component: the sums of the hour, and its minutes, packed. The
 * minutes are kept for a day, the sums for a month.
 */
import { HOUR_MS } from '../../core/health/samples/availability.ts';
import type { HealthStatus } from '../../core/health/health-status.ts';
import type { Transition, StoredTransition, StoredHour, Span } from '../../core/health/samples/stored-sample.ts';

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS sample_minutes (minute INTEGER PRIMARY KEY, samples TEXT NOT NULL) STRICT`,
  `CREATE TABLE IF NOT EXISTS sample_hours (
     hour INTEGER NOT NULL,
     component_id TEXT NOT NULL,
     status TEXT NOT NULL,
     checks INTEGER NOT NULL,
     failed INTEGER NOT NULL,
     min_ms REAL,
     mean_ms REAL,
     max_ms REAL,
     up_ms INTEGER NOT NULL,
     observed_ms INTEGER NOT NULL,
     PRIMARY KEY (hour, component_id)
   ) STRICT, WITHOUT ROWID`,
  // A separate table, because rows of this size would take whole pages between the small ones.
  `CREATE TABLE IF NOT EXISTS sample_details (
     hour INTEGER NOT NULL,
     component_id TEXT NOT NULL,
     minutes TEXT NOT NULL,
     PRIMARY KEY (hour, component_id)
   ) STRICT`,
  `CREATE TABLE IF NOT EXISTS transitions (
     seq INTEGER PRIMARY KEY,
     component_id TEXT NOT NULL,
     at INTEGER NOT NULL,
     kind TEXT NOT NULL,
     was TEXT NOT NULL,
     became TEXT NOT NULL,
     reason TEXT
   ) STRICT`,
  `CREATE INDEX IF NOT EXISTS transitions_of ON transitions (component_id, at, seq)`,
];

/** Per component; beyond it the oldest are deleted. */
const MAX_TRANSITIONS = 500;

interface HourRow extends Record<string, SqlStorageValue> {
  hour: number;
  status: string;
  checks: number;
  failed: number;
  min_ms: number | null;
  mean_ms: number | null;
  max_ms: number | null;
  up_ms: number;
  observed_ms: number;
  minutes: string | null;
}

export class SampleStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
  }

  /** Adds packed samples by component; samples that the minute already has stay. */
  saveMinute(minute: number, samples: Readonly<Record<string, string>>): void {
    this.sql.exec(
      `INSERT INTO sample_minutes (minute, samples) VALUES (?, ?)
       ON CONFLICT (minute) DO UPDATE SET samples = json_patch(samples, excluded.samples)`,
      minute,
      JSON.stringify(samples),
    );
  }

  /** Start of the last stored minute, epoch ms. */
  lastMinute(): number | null {
    return this.sql.exec<{ last: number | null }>('SELECT max(minute) AS last FROM sample_minutes').one().last;
  }

  /** Hours before a time whose minutes are not rolled up yet, oldest first. */
  hoursToRollUp(before: number): number[] {
    return this.sql
      .exec<{ hour: number }>(
        'SELECT DISTINCT minute - minute % ?1 AS hour FROM sample_minutes WHERE minute < ?2 ORDER BY hour',
        HOUR_MS,
        before,
      )
      .toArray()
      .map(({ hour }) => hour);
  }

  /** The rows of an hour's minutes, oldest first: packed samples by component. */
  *minutesOfHour(hour: number): Generator<readonly [at: number, samples: Readonly<Record<string, string>>]> {
    const rows = this.sql.exec<{ minute: number; samples: string }>(
      'SELECT minute, samples FROM sample_minutes WHERE minute >= ? AND minute < ? ORDER BY minute',
      hour,
      hour + HOUR_MS,
    );
    for (const { minute, samples } of rows) yield [minute, readSamples(samples)];
  }

  dropMinutesOfHour(hour: number): void {
    this.sql.exec('DELETE FROM sample_minutes WHERE minute >= ? AND minute < ?', hour, hour + HOUR_MS);
  }

  /** Packed samples of one component in minutes that are not rolled up yet, oldest first. */
  runningMinutes(componentId: string, { from, to }: Span): (readonly [at: number, packed: string])[] {
    return this.sql
      .exec<{ minute: number; packed: string | null }>(
        `SELECT minute, json_extract(samples, ?) AS packed FROM sample_minutes
         WHERE minute >= ? AND minute < ? AND json_valid(samples) ORDER BY minute`,
        `$."${componentId}"`,
        from,
        to,
      )
      .toArray()
      .flatMap(({ minute, packed }) => (packed === null ? [] : [[minute, packed] as const]));
  }

  hasHour(hour: number): boolean {
    return this.sql.exec('SELECT 1 FROM sample_hours WHERE hour = ? LIMIT 1', hour).toArray().length > 0;
  }

  saveHour(componentId: string, { at, minutes, ...sample }: StoredHour): void {
    this.sql.exec(
      `INSERT OR REPLACE INTO sample_hours
         (hour, component_id, status, checks, failed, min_ms, mean_ms, max_ms, up_ms, observed_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      at,
      componentId,
      sample.status,
      sample.checks,
      sample.failed,
      sample.minMs,
      sample.meanMs,
      sample.maxMs,
      sample.upMs,
      sample.observedMs,
    );
    if (minutes === null) return;
    this.sql.exec(
      'INSERT OR REPLACE INTO sample_details (hour, component_id, minutes) VALUES (?, ?, ?)',
      at,
      componentId,
      minutes,
    );
  }

  /** Hours of a component within a span, newest first, read lazily. */
  *hours(componentId: string, { from, to }: Span): Generator<StoredHour> {
    // One lookup per hour: the primary key begins with the hour, so that rows to delete lie together.
    const rows = this.sql.exec<HourRow>(
      `WITH RECURSIVE span (at) AS (SELECT ?2 UNION ALL SELECT at - ?4 FROM span WHERE at - ?4 >= ?3)
       SELECT stored.*, minutes FROM span
         CROSS JOIN sample_hours AS stored ON stored.hour = span.at AND stored.component_id = ?1
         LEFT JOIN sample_details AS details ON details.hour = span.at AND details.component_id = ?1`,
      componentId,
      Math.ceil(to / HOUR_MS) * HOUR_MS - HOUR_MS,
      Math.floor(from / HOUR_MS) * HOUR_MS,
      HOUR_MS,
    );
    for (const row of rows) yield toHour(row);
  }

  addTransition(componentId: string, { at, kind, from, to, reason }: Transition): void {
    this.sql.exec(
      'INSERT INTO transitions (component_id, at, kind, was, became, reason) VALUES (?, ?, ?, ?, ?, ?)',
      componentId,
      at,
      kind,
      from,
      to,
      reason,
    );
    this.sql.exec(
      `DELETE FROM transitions WHERE seq IN
         (SELECT seq FROM transitions WHERE component_id = ? ORDER BY at DESC, seq DESC LIMIT 10 OFFSET ?)`,
      componentId,
      MAX_TRANSITIONS,
    );
  }

  /** Transitions of a component within a span that precede `before`, newest first. */
  transitions(
    componentId: string,
    { from, to }: Span,
    before: { readonly at: number; readonly seq: number },
    limit: number,
  ): StoredTransition[] {
    return this.sql
      .exec<{ seq: number; at: number; kind: string; was: string; became: string; reason: string | null }>(
        `SELECT seq, at, kind, was, became, reason FROM transitions
         WHERE component_id = ? AND at >= ? AND at < ? AND (at, seq) < (?, ?) ORDER BY at DESC, seq DESC LIMIT ?`,
        componentId,
        from,
        to,
        before.at,
        before.seq,
        limit,
      )
      .toArray()
      .map(({ seq, at, kind, was, became, reason }) => ({
        seq,
        at,
        kind: kind as Transition['kind'],
        from: was,
        to: became,
        reason,
      }));
  }

  /** Deletes the minutes of hours before `minutesBefore`, and everything before `allBefore`, epoch ms. */
  trim(minutesBefore: number, allBefore: number): void {
    this.sql.exec('DELETE FROM sample_details WHERE hour < ?', minutesBefore);
    this.sql.exec('DELETE FROM sample_hours WHERE hour < ?', allBefore);
    this.sql.exec('DELETE FROM transitions WHERE at < ?', allBefore);
  }
}

function readSamples(stored: string): Record<string, string> {
  try {
    return JSON.parse(stored) as Record<string, string>;
  } catch {
    // A single minute is lost; the hour is rolled up all the same.
    return {};
  }
}

const toHour = (row: HourRow): StoredHour => ({
  at: row.hour,
  status: row.status as HealthStatus,
  checks: row.checks,
  failed: row.failed,
  minMs: row.min_ms,
  meanMs: row.mean_ms,
  maxMs: row.max_ms,
  upMs: row.up_ms,
  observedMs: row.observed_ms,
  minutes: row.minutes,
});
