/** Writes down how a recovery ended, and what follows: an incident when nothing helped, the end of incidents when it did. */
import type { RecoveryOrder } from '../core/failure/failure-intake.ts';
import type { RecordedAction } from '../history/recovery-history.ts';
import { saveRecovery } from '../history/recovery-history.ts';
import type { RecoveryOutcome } from '../core/component/component-record.ts';
import { registryOf } from '../registry/contract/registry-api.ts';
import { raiseIncident, resolveIncidents } from './incidents.ts';

export interface RecoveryEnd {
  readonly order: RecoveryOrder;
  readonly actions: readonly RecordedAction[];
  readonly outcome: RecoveryOutcome;
}

/** May run twice: incidents and recoveries are known by their ids. */
export async function recordRecoveryEnd(env: Env, { order, actions, outcome }: RecoveryEnd): Promise<void> {
  const finishedAt = Date.now();
  // A drill that fails says so itself, and of what an operator asked for the operator is told: a component that fails
  // brings about a recovery of its own.
  const isForPeople = !order.drillId && order.asked === undefined;
  const escalates = isForPeople && (outcome === 'failed' || outcome === 'timeout');
  const tried = actions.map(told).join(', ') || 'nothing';
  const summary = `recovery ${outcome} after ${tried}`;
  const raised = escalates ? await raiseIncident(env, order, { severity: 'critical', summary }) : null;
  const resolved = outcome === 'successful' ? await resolveProven(env, order, tried, finishedAt) : [];
  const incidentId = raised ?? resolved[0] ?? null;
  await saveRecovery(env.HISTORY, { ...order, status: outcome, finishedAt, actions, incidentId });
}

/** With why it could not be done, for whoever is called: that may be all there is to mend. */
const told = ({ action, status, detail }: RecordedAction): string =>
  status === 'failed' && detail !== null ? `${action} (${detail})` : action;

/** One that falls again and again keeps its incident until the sweep finds that it stayed up for a while. */
async function resolveProven(
  env: Env,
  { componentId, componentType }: RecoveryOrder,
  tried: string,
  at: number,
): Promise<string[]> {
  const [state] = await registryOf(componentType).steadiness([componentId], 'recovery');
  if (state === 'ailing') return [];
  return resolveIncidents(env, componentId, { at, why: `proven healthy after ${tried}` });
}
