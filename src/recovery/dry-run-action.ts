/** An action of a drill that does not execute: says what it would have done, and does nothing. */
import type { RecoveryOrder } from '../core/failure/failure-intake.ts';
import type { PlannedAction } from '../core/failure/recovery-plan.ts';
import { registryOf } from '../registry/contract/registry-api.ts';
import type { ActionContext, ActionResult } from './perform-action.ts';

export async function dryRunAction(planned: PlannedAction, { order }: ActionContext): Promise<ActionResult> {
  const startedAt = Date.now();
  const would = planned.cannot === null ? await wouldHave(planned, order) : { ok: false, detail: planned.cannot };
  const detail = `drill: ${would.detail}`;
  const finishedAt = Date.now();
  const answers = [{ at: startedAt, durationMs: finishedAt - startedAt, ok: would.ok, detail }];
  return { status: would.ok ? 'done' : 'failed', attempts: 1, answers, detail, startedAt, finishedAt };
}

async function wouldHave(
  { action }: PlannedAction,
  order: RecoveryOrder,
): Promise<{ readonly ok: boolean; readonly detail: string }> {
  const { componentId } = order;
  switch (action) {
    case 'restart':
    case 'scale_up':
      return { ok: true, detail: `would have asked for ${action} of ${componentId}` };
    case 'switchover': {
      // Asked now: the standby may have gone since the plan was made.
      const facts = await registryOf(order.componentType).recoveryFacts(componentId, order.recoveryId);
      const hasStandby = facts.ok && facts.value.facts.hasStandby;
      return hasStandby
        ? { ok: true, detail: `would have let the best standby take over from ${componentId}` }
        : { ok: false, detail: 'there is no standby that could take over' };
    }
    case 'isolate':
      return { ok: true, detail: `would have taken ${componentId} out of routing for a while` };
    case 'alert':
      return { ok: true, detail: `would have opened an incident about ${componentId} and alerted of it` };
    default:
      return action satisfies never;
  }
}
