/**
 * All SQL of a `ComponentRegistry`: components, outbox and a few scalars. The registry keeps its components
 * in memory and writes through; it reads the rows once, when the object starts.
 * Invariant: a row that no longer parses is kept and reported, and blocks no other row.
 */
import { readStored } from '../../logging/read-stored.ts';
import * as z from 'zod';
import type { ComponentRecord } from '../../core/component/component-record.ts';
import type { SelfDoubt } from '../../core/health/self-doubt.ts';
import { SELF_DOUBT_KINDS, NO_SELF_DOUBT } from '../../core/health/self-doubt.ts';
import type { TypeOverrides } from '../../core/config/effective-config.ts';
import { NO_LOAD } from '../../core/component/load.ts';
import { RegistrationSchema } from '../../core/component/registration.ts';
import { NO_ROOT_CAUSE } from '../../core/component/root-cause.ts';
import type { HealthState } from '../../core/health/health-state.ts';
import { initialHealth } from '../../core/health/health-state.ts';
import { RequestedActionStore } from './requested-action-store.ts';
import { ComponentConfigStore } from './component-config-store.ts';
import { ControlSecretStore } from './control-secret-store.ts';
import { DrillStore } from './drill-store.ts';
import { FailureSumStore } from './failure-sum-store.ts';
import { HeartbeatStore } from './heartbeat-store.ts';
import { LeaseStore } from './lease-store.ts';
import { ShareStore } from './share-store.ts';
import { SampleStore } from './sample-store.ts';

export type OutboxKind = 'event' | 'failure' | 'signal' | 'nudge';

export interface OutboxRow {
  readonly seq: number;
  readonly kind: OutboxKind;
  readonly componentId: string;
  readonly payload: unknown;
}

export interface OutboxDraft {
  readonly kind: OutboxKind;
  /** Unique per row: a second write with the same key changes nothing. */
  readonly key: string;
  readonly componentId: string;
  readonly payload: unknown;
}

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS components (
     id TEXT PRIMARY KEY,
     registration TEXT NOT NULL,
     claim INTEGER NOT NULL,
     generation INTEGER NOT NULL,
     revision INTEGER NOT NULL,
     registered_at INTEGER NOT NULL,
     updated_at INTEGER NOT NULL,
     lifecycle TEXT NOT NULL,
     health TEXT NOT NULL,
     recovery TEXT NOT NULL,
     owner TEXT,
     shadow TEXT
   ) STRICT`,
  `CREATE TABLE IF NOT EXISTS outbox (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     kind TEXT NOT NULL,
     key TEXT NOT NULL UNIQUE,
     component_id TEXT NOT NULL,
     payload TEXT NOT NULL
   ) STRICT`,
  // Ends with the row id, as every index does: each kind is read in its own order, past no row of another kind.
  'CREATE INDEX IF NOT EXISTS outbox_by_kind ON outbox (kind)',
  `CREATE TABLE IF NOT EXISTS scalars (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT`,
];

/** The type's name and revision, its settings, and its self-doubt (`doubt`). */
type Scalar = 'type' | 'revision' | 'config' | 'doubt';

interface ComponentRow extends Record<string, SqlStorageValue> {
  id: string;
  registration: string;
  claim: number;
  generation: number;
  revision: number;
  registered_at: number;
  updated_at: number;
  lifecycle: string;
  health: string;
  recovery: string;
  owner: string | null;
  shadow: string | null;
}

/** A component whose stored row cannot be read. */
export interface UnreadableComponent {
  readonly id: string;
  readonly owner: string | null;
  readonly claim: number;
  /** Epoch ms at which the row was stored. */
  readonly since: number;
}

const ConfigRowSchema = z.object({ revision: z.int(), overrides: z.looseObject({}) });
const SelfDoubtRowSchema = z.object({ kind: z.enum(SELF_DOUBT_KINDS), since: z.number(), canaryQueriedAt: z.number() });
const nullableNumber = z.number().nullable();
const HealthRowSchema = z.looseObject({ status: z.string(), since: z.number() });
const LifecycleRowSchema = z.looseObject({ state: z.string(), until: nullableNumber });
const RootCauseRowSchema = z.object({ rootCause: z.array(z.string()), sequence: z.number(), since: z.number() });
const RecoveryRowSchema = z.looseObject({ generation: z.number(), settledUntil: z.number() });

export class RegistryStore {
  readonly requestedActions: RequestedActionStore;
  readonly componentConfigs: ComponentConfigStore;
  readonly controlSecrets: ControlSecretStore;
  readonly leases: LeaseStore;
  readonly drills: DrillStore;
  readonly failureSums: FailureSumStore;
  readonly heartbeats: HeartbeatStore;
  readonly samples: SampleStore;
  readonly shares: ShareStore;
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
    // The table may be older than these columns.
    const columns = sql.exec<{ name: string }>('PRAGMA table_info(components)').toArray();
    if (!columns.some(({ name }) => name === 'owner')) sql.exec('ALTER TABLE components ADD COLUMN owner TEXT');
    if (!columns.some(({ name }) => name === 'shadow')) sql.exec('ALTER TABLE components ADD COLUMN shadow TEXT');
    this.requestedActions = new RequestedActionStore(sql);
    this.componentConfigs = new ComponentConfigStore(sql);
    this.controlSecrets = new ControlSecretStore(sql);
    this.drills = new DrillStore(sql);
    this.failureSums = new FailureSumStore(sql);
    this.heartbeats = new HeartbeatStore(sql);
    this.leases = new LeaseStore(sql);
    this.samples = new SampleStore(sql);
    this.shares = new ShareStore(sql);
  }

  /** Every readable component in order of registration, and what is known of the others. */
  loadComponents(): { records: ComponentRecord[]; unreadable: UnreadableComponent[] } {
    const records: ComponentRecord[] = [];
    const unreadable: UnreadableComponent[] = [];
    for (const row of this.sql.exec<ComponentRow>('SELECT * FROM components ORDER BY rowid')) {
      const record = readStored<ComponentRow, ComponentRecord | null>('components', row, readRow, () => null);
      if (record) records.push(record);
      else unreadable.push({ id: row.id, owner: row.owner, claim: row.claim, since: row.updated_at });
    }
    return { records, unreadable };
  }

  saveComponent(record: ComponentRecord): void {
    this.sql.exec(
      `INSERT INTO components (id, registration, claim, generation, revision, registered_at, updated_at, lifecycle, health, recovery, owner, shadow)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET registration = excluded.registration, claim = excluded.claim, generation = excluded.generation,
         revision = excluded.revision, registered_at = excluded.registered_at, updated_at = excluded.updated_at,
         lifecycle = excluded.lifecycle, health = excluded.health, recovery = excluded.recovery, owner = excluded.owner,
         shadow = excluded.shadow`,
      record.registration.id,
      JSON.stringify(record.registration),
      record.claim,
      record.generation,
      record.revision,
      record.registeredAt,
      record.updatedAt,
      JSON.stringify(record.lifecycle),
      JSON.stringify(record.health),
      JSON.stringify(record.recovery),
      record.owner,
      record.dependencyState === NO_ROOT_CAUSE ? null : JSON.stringify(record.dependencyState),
    );
  }

  deleteComponent(id: string): void {
    this.sql.exec('DELETE FROM components WHERE id = ?', id);
    this.requestedActions.drop(id);
    this.controlSecrets.drop(id);
  }

  addToOutbox(draft: OutboxDraft): void {
    this.sql.exec(
      'INSERT OR IGNORE INTO outbox (kind, key, component_id, payload) VALUES (?, ?, ?, ?)',
      draft.kind,
      draft.key,
      draft.componentId,
      JSON.stringify(draft.payload),
    );
  }

  /** The oldest rows of a kind after a row. Rows that no longer parse are separate: they can never be delivered. */
  readOutbox(kind: OutboxKind, limit: number, after: number): { rows: OutboxRow[]; unreadable: number[] } {
    const stored = this.sql
      .exec<StoredOutboxRow>(
        'SELECT seq, component_id, payload FROM outbox WHERE kind = ? AND seq > ? ORDER BY seq LIMIT ?',
        kind,
        after,
        limit,
      )
      .toArray();
    return parseOutboxRows(kind, stored);
  }

  removeFromOutbox(seqs: readonly number[]): void {
    for (const seq of seqs) this.sql.exec('DELETE FROM outbox WHERE seq = ?', seq);
  }

  outboxSize(): number {
    return this.sql.exec<{ n: number }>('SELECT COUNT(*) AS n FROM outbox').one().n;
  }

  /** Settings of the type. Undefined without readable ones: the coordinator sends them again. */
  loadConfig(): TypeOverrides | undefined {
    const stored = this.readScalar('config');
    return stored === undefined ? undefined : readConfig(stored);
  }

  saveConfig(config: TypeOverrides): void {
    this.writeScalar('config', JSON.stringify(config));
  }

  /** Self-doubt as last stored. An eviction loses the result of a running canary check: the next round repeats it. */
  loadSelfDoubt(): SelfDoubt {
    const row = { name: 'doubt', value: this.readScalar('doubt') ?? JSON.stringify(NO_SELF_DOUBT) };
    const read = ({ value }: typeof row): SelfDoubt => SelfDoubtRowSchema.parse(JSON.parse(value));
    const stored = readStored('scalars', row, read, () => NO_SELF_DOUBT);
    return stored.kind === 'asking' ? NO_SELF_DOUBT : stored;
  }

  readScalar(name: Scalar): string | undefined {
    return this.sql.exec<{ value: string }>('SELECT value FROM scalars WHERE name = ?', name).toArray()[0]?.value;
  }

  writeScalar(name: Scalar, value: string): void {
    this.sql.exec(
      'INSERT INTO scalars (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      name,
      value,
    );
  }
}

function readRow(row: ComponentRow): ComponentRecord {
  return {
    registration: RegistrationSchema.parse(JSON.parse(row.registration)),
    owner: row.owner,
    claim: row.claim,
    generation: row.generation,
    revision: row.revision,
    registeredAt: row.registered_at,
    updatedAt: row.updated_at,
    lifecycle: LifecycleRowSchema.parse(JSON.parse(row.lifecycle)) as unknown as ComponentRecord['lifecycle'],
    health: readHealth(row),
    load: NO_LOAD,
    recovery: RecoveryRowSchema.parse(JSON.parse(row.recovery)) as unknown as ComponentRecord['recovery'],
    dependencyState: row.shadow === null ? NO_ROOT_CAUSE : RootCauseRowSchema.parse(JSON.parse(row.shadow)),
  };
}

/** Fields that are missing in an older row get the values of a new component. */
function readHealth({ health, registered_at }: ComponentRow): HealthState {
  const stored = HealthRowSchema.parse(JSON.parse(health)) as unknown as HealthState;
  return { ...initialHealth(registered_at), ...stored };
}

function readConfig(stored: string): TypeOverrides | undefined {
  try {
    return ConfigRowSchema.parse(JSON.parse(stored));
  } catch {
    // The defaults apply until the coordinator sends the settings again.
    return undefined;
  }
}

type StoredOutboxRow = { seq: number; component_id: string; payload: string };

function parseOutboxRows(
  kind: OutboxKind,
  stored: readonly StoredOutboxRow[],
): { rows: OutboxRow[]; unreadable: number[] } {
  const rows: OutboxRow[] = [];
  const unreadable: number[] = [];
  for (const { seq, component_id: componentId, payload } of stored) {
    try {
      rows.push({ seq, kind, componentId, payload: JSON.parse(payload) as unknown });
    } catch {
      // The caller receives it as unreadable, so it blocks no other row.
      unreadable.push(seq);
    }
  }
  return { rows, unreadable };
}
