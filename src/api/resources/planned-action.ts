/** Wire resource of planned recovery actions. */
import type { PlannedAction } from '../../core/failure/recovery-plan.ts';

/** Planned actions without their internal fields. */
export function toPlannedActions(plan: readonly PlannedAction[]) {
  return plan.map(({ action, attempts, backoffMs, verifyMs, note, impossible, ...own }) => ({
    action,
    attempts,
    backoffMs,
    verifyMs,
    note,
    impossible,
    ...(own.parameters === undefined ? {} : { parameters: own.parameters }),
    ...(own.durationMs === undefined ? {} : { durationMs: own.durationMs }),
    ...(own.target === undefined ? {} : { target: own.target }),
    ...(own.priority === undefined ? {} : { priority: own.priority }),
  }));
}
