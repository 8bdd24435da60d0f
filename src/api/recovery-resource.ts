import { toIso, toIsoOrNull } from '../core/component/resource.ts';
import type { RecordedRecovery } from '../history/recovery-history.ts';
import { shownPlan } from './planned-action.ts';
import type { RecoveryResource } from './schemas/failure.ts';

/** A recovery as callers see it. */
export function toRecoveryResource(recovery: RecordedRecovery): RecoveryResource {
  const { recoveryId, startedAt, deadline, finishedAt, actions, plan, asked: _, ...rest } = recovery;
  return {
    id: recoveryId,
    ...rest,
    startedAt: toIso(startedAt),
    deadline: toIso(deadline),
    finishedAt: toIsoOrNull(finishedAt),
    plan: shownPlan(plan ?? []),
    actions: actions.map((action) => ({
      ...action,
      answers: (action.answers ?? []).map((answer) => ({ ...answer, at: toIso(answer.at) })),
      startedAt: toIso(action.startedAt),
      finishedAt: toIsoOrNull(action.finishedAt),
    })),
  };
}
