/** Records the end of a recovery. A failed recovery opens an incident; a successful one resolves them. */
import type { RecoveryOrder } from '../core/failure/failure-manager-api.ts';
import type { PlannedAction } from '../core/failure/recovery-plan.ts';
import type { AlertRequest } from '../core/incident/alert-route.ts';
import type { RecordedAction } from '../history/recovery-history.ts';
import { saveRecovery } from '../history/recovery-history.ts';
import type { RecoveryOutcome } from '../core/component/component-record.ts';
import { registryOf } from '../registry/contract/registry-api.ts';
import { raiseIncident, resolveIncidents } from './report-incident.ts';

export interface RecoveryEnd {
  readonly order: RecoveryOrder;
  readonly actions: readonly RecordedAction[];
  /** Absent if unknown. */
  readonly plan: readonly PlannedAction[] | undefined;
  readonly outcome: RecoveryOutcome;
}

/** Idempotent: incidents and recoveries are keyed by id. */
export async function recordRecoveryEnd(env: Env, { order, actions, plan, outcome }: RecoveryEnd): Promise<void> {
  const finishedAt = Date.now();
  // A failed drill is visible in the drill itself, and an operator who requested an action sees its result. A component
  // that fails because of either gets a recovery of its own.
  const needsOperator = !order.drillId && order.requestedAction === undefined;
  const escalates = needsOperator && (outcome === 'failed' || outcome === 'timeout');
  const summarizedActions = actions.map(describeAction).join(', ') || 'nothing';
  const summary = `recovery ${outcome} after ${summarizedActions}`;
  // An alert during the recovery did not wait for D1, so its incident is written here at the latest.
  const alert = actions.findLast(({ action, status }) => action === 'alert' && status === 'done');
  if (alert && !order.dryRun)
    await raiseIncident(env, order, { ...alertRequestOf(alert, plan), severity: 'warning', summary });
  const raised = escalates
    ? await raiseIncident(env, order, { ...alertRequestOf(actions.at(-1), plan), severity: 'critical', summary })
    : null;
  const works = outcome === 'successful' || outcome === 'not-needed';
  const resolved = works ? await resolveProven(env, order, summarizedActions, finishedAt) : [];
  const incidentId = raised ?? resolved[0] ?? null;
  await saveRecovery(env.HISTORY, { ...order, status: outcome, finishedAt, actions, incidentId });
}

/** Target and priority of the action if it is an alert of the policy. An alert in place of another action has none. */
function alertRequestOf(action: RecordedAction | undefined, plan: RecoveryEnd['plan']): AlertRequest {
  const planned = action && plan?.[action.position];
  return planned?.action === 'alert' ? { target: planned.target, priority: planned.priority } : {};
}

/** Includes the reason of a failure, because the operator may have to fix just that. */
const describeAction = ({ action, status, detail }: RecordedAction): string =>
  status === 'failed' && detail !== null ? `${action} (${detail})` : action;

/** A flapping component keeps its incident until the sweep finds that the component has been up for a while. */
async function resolveProven(
  env: Env,
  { componentId, componentType }: RecoveryOrder,
  summarizedActions: string,
  at: number,
): Promise<string[]> {
  const [state] = await registryOf(componentType).stabilityOf([componentId], 'recovery');
  if (state === 'unstable') return [];
  return resolveIncidents(env, componentId, { at, why: `proven healthy after ${summarizedActions}` });
}
