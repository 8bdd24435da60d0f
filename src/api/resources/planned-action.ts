import type { PlannedAction } from '../../core/failure/recovery-plan.ts';

/** A planned action as callers see it: without what has been decided by then. */
export function toPlannedActions(plan: readonly PlannedAction[]) {
  return plan.map(({ action, attempts, backoffMs, verifyMs, parameters, forMs, note, cannot }) => ({
    action,
    attempts,
    backoffMs,
    verifyMs,
    note,
    cannot,
    ...(parameters === undefined ? {} : { parameters }),
    ...(forMs === undefined ? {} : { forMs }),
  }));
}
