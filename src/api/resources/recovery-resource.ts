/** Wire resources of recoveries and their actions. */
import { toIso, toIsoOrNull } from '../../core/component/resource.ts';
import { recoveryWork } from '../../core/failure/recovery-work.ts';
import type { RecordedAction, RecordedRecovery } from '../../history/recovery-history.ts';
import { toPlannedActions } from './planned-action.ts';
import type { RecoveryResource } from '../schemas/failure.ts';

export function toRecoveryResource(recovery: RecordedRecovery): RecoveryResource {
  const {
    recoveryId,
    startedAt,
    deadline,
    finishedAt,
    actions,
    plan,
    drillId,
    dryRun: _,
    requestedAction: __,
    ...rest
  } = recovery;
  return {
    id: recoveryId,
    ...rest,
    drillId: drillId ?? null,
    plan: toPlannedActions(plan ?? []),
    startedAt: toIso(startedAt),
    deadline: toIso(deadline),
    finishedAt: toIsoOrNull(finishedAt),
    durationMs: finishedAt === null ? null : finishedAt - startedAt,
    error: rest.status === 'failed' || rest.status === 'timeout' ? recoveryWork(actions).error : null,
    actions: actions.map(toActionResource),
  };
}

export const toActionResource = (action: RecordedAction): RecoveryResource['actions'][number] => ({
  ...action,
  responses: (action.responses ?? []).map((response) => ({ ...response, at: toIso(response.at) })),
  startedAt: toIso(action.startedAt),
  finishedAt: toIsoOrNull(action.finishedAt),
});
