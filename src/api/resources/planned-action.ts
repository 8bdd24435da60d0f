/** Wire resource of planned recovery actions. */
import type { PlannedAction } from '../../core/failure/recovery-plan.ts';

/** Planned actions without their internal fields. */
export function toPlannedActions(plan: readonly PlannedAction[]) {
  return plan.map(({ action, attempts, backoffMs, verifyMs, parameters, durationMs, note, impossible }) => ({
    action,
    attempts,
    backoffMs,
    verifyMs,
    note,
    impossible,
    ...(parameters === undefined ? {} : { parameters }),
    ...(durationMs === undefined ? {} : { durationMs }),
  }));
}
