/** Writes down how a recovery ended, and what follows: an incident when nothing helped, the end of incidents when it did. */
import type { RecoveryOrder } from '../core/failure/failure-intake.ts';
import type { RecordedAction } from '../history/recovery-history.ts';
import { saveRecovery } from '../history/recovery-history.ts';
import type { RecoveryOutcome } from '../core/component/component-record.ts';
import { raiseIncident, resolveIncidents } from './incidents.ts';

export interface RecoveryEnd {
  readonly order: RecoveryOrder;
  readonly actions: readonly RecordedAction[];
  readonly outcome: RecoveryOutcome;
}

/** May run twice: incidents and recoveries are known by their ids. */
export async function writeEnd(env: Env, { order, actions, outcome }: RecoveryEnd): Promise<void> {
  const finishedAt = Date.now();
  // Of what an operator asked for, the operator is told; a component that fails brings about a recovery of its own.
  const escalates = order.asked === undefined && (outcome === 'failed' || outcome === 'timeout');
  const tried = actions.map(told).join(', ') || 'nothing';
  const summary = `recovery ${outcome} after ${tried}`;
  const incident = escalates ? await raiseIncident(env, order, { severity: 'critical', summary }) : null;
  if (outcome === 'successful') await resolveIncidents(env, order.componentId, finishedAt);
  const incidentId = incident?.id ?? null;
  await saveRecovery(env.HISTORY, { ...order, status: outcome, finishedAt, actions, incidentId });
}

/** With why it could not be done, for whoever is called: that may be all there is to mend. */
const told = ({ action, status, detail }: RecordedAction): string =>
  status === 'failed' && detail !== null ? `${action} (${detail})` : action;
