/**
 * SQL of heartbeats: deadlines and loads, many components in one row. The rows form a ring: each write overwrites the
 * oldest row, and carries along its heartbeats that are still the newest of their component. A write thus costs one
 * row, whatever the number of components in it, and no row is ever deleted.
 *
 * Invariant: the newest heartbeat of each component is in exactly one row that is not yet overwritten.
 */
import * as z from 'zod';
import type { ReportedLoad } from '../../core/component/load.ts';
import { logError } from '../../logging/log-error.ts';

export interface StoredHeartbeat {
  /** Epoch ms */
  readonly dueAt: number;
  readonly load: ReportedLoad;
}

const SCHEMA = [
  // Each heartbeat had a row of its own. Without it, a component keeps a full TTL at the first start.
  'DROP TABLE IF EXISTS heartbeats',
  `CREATE TABLE IF NOT EXISTS heartbeat_rows (
     slot INTEGER PRIMARY KEY,
     seq INTEGER NOT NULL,
     heartbeats TEXT NOT NULL
   ) STRICT`,
];

/** At ten rows a second, components that send a heartbeat every ten seconds are hardly ever carried along. */
const SLOTS = 128;
/** Some 400 kB with the longest ids. */
const MAX_IN_ROW = 2_000;

const RowSchema = z.array(z.tuple([z.string(), z.number(), z.number(), z.number(), z.number().nullable()]));

interface Newest extends StoredHeartbeat {
  /** The write that contains it. */
  readonly seq: number;
}

export class HeartbeatStore {
  private readonly sql: SqlStorage;
  private readonly newest = new Map<string, Newest>();
  private readonly idsBySlot = new Map<number, readonly string[]>();
  private seq = 0;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
    this.load();
  }

  /** The newest heartbeat of a component: deadline of the next one, and the load that it reported. */
  find(id: string): StoredHeartbeat | undefined {
    return this.newest.get(id);
  }

  /** Stores heartbeats by component id. */
  save(heartbeats: ReadonlyMap<string, StoredHeartbeat>): void {
    // None of these is carried along by the rows that they overwrite.
    for (const id of heartbeats.keys()) this.newest.delete(id);
    for (let rest = Array.from(heartbeats); rest.length > 0;) {
      const seq = this.seq + 1;
      const slot = seq % SLOTS;
      const row = [...rest, ...this.carriedFrom(slot)];
      rest = row.splice(MAX_IN_ROW);
      this.write(slot, seq, row);
    }
  }

  /** Forgets all components but these. Called at each start and each minute: removed components have no deadline. */
  retain(ids: ReadonlyMap<string, unknown>): void {
    for (const id of this.newest.keys()) if (!ids.has(id)) this.newest.delete(id);
  }

  /** The heartbeats in a slot that no later row contains. */
  private carriedFrom(slot: number): [string, StoredHeartbeat][] {
    return (this.idsBySlot.get(slot) ?? []).flatMap((id): [string, StoredHeartbeat][] => {
      const known = this.newest.get(id);
      return known && known.seq % SLOTS === slot ? [[id, known]] : [];
    });
  }

  private write(slot: number, seq: number, row: readonly (readonly [string, StoredHeartbeat])[]): void {
    this.sql.exec(
      `INSERT INTO heartbeat_rows (slot, seq, heartbeats) VALUES (?1, ?2, ?3)
       ON CONFLICT (slot) DO UPDATE SET seq = ?2, heartbeats = ?3`,
      slot,
      seq,
      JSON.stringify(row.map(([id, { dueAt, load }]) => [id, dueAt, ...toColumns(load)])),
    );
    this.place(slot, seq, row);
  }

  private load(): void {
    const rows = this.sql.exec<{ slot: number; seq: number; heartbeats: string }>(
      'SELECT slot, seq, heartbeats FROM heartbeat_rows ORDER BY seq',
    );
    for (const { slot, seq, heartbeats } of rows) this.place(slot, seq, readRow(slot, heartbeats));
  }

  private place(slot: number, seq: number, row: readonly (readonly [string, StoredHeartbeat])[]): void {
    this.seq = seq;
    for (const [id, { dueAt, load }] of row) this.newest.set(id, { dueAt, load, seq });
    this.idsBySlot.set(
      slot,
      row.map(([id]) => id),
    );
  }
}

const toColumns = ({ activeConnections, queueDepth, loadPercentage }: ReportedLoad) =>
  [activeConnections, queueDepth, loadPercentage] as const;

function readRow(slot: number, heartbeats: string): [string, StoredHeartbeat][] {
  try {
    return RowSchema.parse(JSON.parse(heartbeats)).map(([id, dueAt, activeConnections, queueDepth, loadPercentage]) => [
      id,
      { dueAt, load: { activeConnections, queueDepth, loadPercentage } },
    ]);
  } catch (error) {
    // Its components keep a full TTL, and other rows are read.
    logError('stored heartbeats cannot be read', { slot, error });
    return [];
  }
}
