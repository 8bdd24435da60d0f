/** Recoveries in D1: one row each. Every step writes the whole row, so repeated writes are idempotent. */
import * as z from 'zod';
import type { RecoveryOrder, RecoveryTrigger } from '../core/failure/failure-manager-api.ts';
import type { PlannedAction } from '../core/failure/recovery-plan.ts';
import type { RecoveryAction } from '../core/failure/recovery-policy.ts';
import type { Page, PageRequest } from './page.ts';
import { readPage } from './page.ts';

export type RecoveryStatus =
  | 'running'
  | 'successful'
  | 'not-needed'
  | 'failed'
  | 'timeout'
  | 'cancelled'
  | 'suppressed';

/** The response to one attempt at an action. */
export interface AttemptResponse {
  /** Start of the attempt, epoch ms. */
  readonly at: number;
  readonly durationMs: number;
  readonly ok: boolean;
  readonly detail: string;
}

export interface RecordedAction {
  readonly position: number;
  readonly action: RecoveryAction;
  readonly status: 'running' | 'done' | 'failed' | 'skipped';
  readonly attempts: number;
  /** One entry per attempt; absent in rows from before responses were stored. */
  readonly responses?: readonly AttemptResponse[];
  readonly detail: string | null;
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly verification: 'none' | 'running' | 'proven' | 'unproven';
}

export interface RecordedRecovery extends RecoveryOrder {
  readonly status: RecoveryStatus;
  readonly finishedAt: number | null;
  readonly actions: readonly RecordedAction[];
  /** The plan at the start of the recovery. If undefined, the stored plan stays unchanged. */
  readonly plan?: readonly PlannedAction[];
  readonly incidentId: string | null;
}

export interface RecoveryFilter {
  readonly componentId?: string | undefined;
  readonly componentType?: string | undefined;
  readonly status?: string | undefined;
}

export interface RecoveryRow {
  id: string;
  component_id: string;
  component_type: string;
  failure_type: string;
  failure_id: string;
  status: string;
  reason: string;
  started_at: number;
  deadline: number;
  finished_at: number | null;
  actions: string;
  plan: string | null;
  incident_id: string | null;
  drill_id: string | null;
}

const ActionsColumnSchema = z.array(z.looseObject({ action: z.string() }));

/** Writes the current state of a recovery. A recovery that has ended never becomes running again. */
export async function saveRecovery(db: D1Database, recovery: RecordedRecovery): Promise<void> {
  await db
    .prepare(
      `INSERT INTO recoveries
         (id, component_id, component_type, failure_type, failure_id, status, reason, started_at, deadline, finished_at, actions, incident_id, plan, drill_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET status = excluded.status, finished_at = excluded.finished_at,
         actions = excluded.actions, incident_id = excluded.incident_id, plan = COALESCE(excluded.plan, plan)
       WHERE recoveries.status = 'running'`,
    )
    .bind(
      recovery.recoveryId,
      recovery.componentId,
      recovery.componentType,
      recovery.failureType,
      recovery.failureId,
      recovery.status,
      recovery.reason,
      recovery.startedAt,
      recovery.deadline,
      recovery.finishedAt,
      JSON.stringify(recovery.actions),
      recovery.incidentId,
      recovery.plan ? JSON.stringify(recovery.plan) : null,
      recovery.drillId ?? null,
    )
    .run();
}

export async function findRecovery(db: D1Database, id: string): Promise<RecordedRecovery | null> {
  const row = await db.prepare('SELECT * FROM recoveries WHERE id = ?').bind(id).first<RecoveryRow>();
  return row && toRecovery(row);
}

/** The recoveries with these ids that the history has, in one query. */
export async function findRecoveries(db: D1Database, ids: readonly string[]): Promise<RecordedRecovery[]> {
  const { results } = await db
    .prepare('SELECT * FROM recoveries WHERE id IN (SELECT value FROM json_each(?))')
    .bind(JSON.stringify(ids))
    .all<RecoveryRow>();
  return results.map(toRecovery);
}

export function listRecoveries(
  db: D1Database,
  filter: RecoveryFilter,
  request: PageRequest,
): Promise<Page<RecordedRecovery>> {
  const filters = { component_id: filter.componentId, component_type: filter.componentType, status: filter.status };
  const listing = {
    table: 'recoveries',
    timeColumn: 'started_at',
    large: ['reason', 'actions', 'plan'],
    filters,
  } as const;
  return readPage<RecoveryRow, RecordedRecovery>(db, listing, request, toRecovery);
}

export async function countRunningRecoveries(db: D1Database): Promise<number> {
  const row = await db
    .prepare(`SELECT COUNT(*) AS n FROM recoveries WHERE status = 'running' AND drill_id IS NULL`)
    .first<{ n: number }>();
  return row?.n ?? 0;
}

export const toRecovery = (row: RecoveryRow): RecordedRecovery => ({
  recoveryId: row.id,
  componentId: row.component_id,
  componentType: row.component_type,
  failureType: row.failure_type as RecoveryTrigger,
  failureId: row.failure_id,
  status: row.status as RecoveryStatus,
  reason: row.reason,
  startedAt: row.started_at,
  deadline: row.deadline,
  finishedAt: row.finished_at,
  actions: ActionsColumnSchema.parse(JSON.parse(row.actions)) as unknown as RecordedAction[],
  plan: row.plan === null ? [] : (ActionsColumnSchema.parse(JSON.parse(row.plan)) as unknown as PlannedAction[]),
  incidentId: row.incident_id,
  drillId: row.drill_id,
});

/** Time after its deadline after which a running recovery counts as abandoned, ms. */
const ABANDONED_AFTER_MS = 3_600_000;

/** Marks recoveries as failed whose workflow never recorded an end. */
export async function closeAbandoned(db: D1Database, now: number): Promise<void> {
  await db
    .prepare(`UPDATE recoveries SET status = 'failed', finished_at = ?1 WHERE status = 'running' AND deadline < ?2`)
    .bind(now, now - ABANDONED_AFTER_MS)
    .run();
}
