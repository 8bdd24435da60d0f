/** Dry run of an action, for drills that do not execute: returns what the action would do and changes nothing. */
import type { RecoveryOrder } from '../core/failure/failure-manager-api.ts';
import type { PlannedAction } from '../core/failure/recovery-plan.ts';
import { registryOf } from '../registry/contract/registry-api.ts';
import type { ActionContext, ActionResult } from './perform-action.ts';

export async function dryRunAction(planned: PlannedAction, { order }: ActionContext): Promise<ActionResult> {
  const startedAt = Date.now();
  const effect =
    planned.impossible === null ? await describeEffect(planned, order) : { ok: false, detail: planned.impossible };
  const detail = `drill: ${effect.detail}`;
  const finishedAt = Date.now();
  const responses = [{ at: startedAt, durationMs: finishedAt - startedAt, ok: effect.ok, detail }];
  return { status: effect.ok ? 'done' : 'failed', attempts: 1, responses, detail, startedAt, finishedAt };
}

async function describeEffect(
  { action }: PlannedAction,
  order: RecoveryOrder,
): Promise<{ readonly ok: boolean; readonly detail: string }> {
  const { componentId } = order;
  switch (action) {
    case 'restart':
    case 'scale_up':
      return { ok: true, detail: `would have requested ${action} of ${componentId}` };
    case 'switchover': {
      // Checked again, because the standby may be gone since the plan was made.
      const facts = await registryOf(order.componentType).recoveryFacts(componentId, order.recoveryId);
      const hasStandby = facts.ok && facts.value.facts.hasStandby;
      return hasStandby
        ? { ok: true, detail: `would have switched over from ${componentId} to the best standby` }
        : { ok: false, detail: 'no standby can take over' };
    }
    case 'isolate':
      return { ok: true, detail: `would have taken ${componentId} out of routing for a while` };
    case 'alert':
      return { ok: true, detail: `would have opened an incident about ${componentId} and sent an alert` };
    default:
      return action satisfies never;
  }
}
