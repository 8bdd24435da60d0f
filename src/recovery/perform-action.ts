/** Carries one planned action out. May run twice: every receiver knows the action by its key. */
import type { ControlAction } from '../core/component/control-action.ts';
import type { RecoveryOrder } from '../core/failure/failure-intake.ts';
import type { PlannedAction } from '../core/failure/recovery-plan.ts';
import type { JsonObject } from '../core/json.ts';
import type { AttemptResponse } from '../history/recovery-history.ts';
import { outboundPolicyOf } from '../outbound/outbound-policy.ts';
import { registryOf } from '../registry/contract/registry-api.ts';
import { callControl } from './control-call.ts';
import { raiseIncident } from './incidents.ts';

export interface ActionResult {
  readonly status: 'done' | 'failed';
  readonly attempts: number;
  /** One for each attempt. */
  readonly answers: readonly AttemptResponse[];
  readonly detail: string;
  readonly startedAt: number;
  readonly finishedAt: number;
}

export interface ActionContext {
  readonly env: Env;
  readonly order: RecoveryOrder;
  readonly position: number;
  /** Hears of each attempt as it is answered. */
  readonly onAnswer?: (answers: readonly AttemptResponse[]) => void;
}

interface Outcome {
  readonly ok: boolean;
  readonly detail: string;
}

const LONGEST_PAUSE_MS = 30_000;

/** Tries the action as often as is planned and says how it went; never throws for what the other side did. */
export async function performAction(action: PlannedAction, context: ActionContext): Promise<ActionResult> {
  const startedAt = Date.now();
  let outcome: Outcome = { ok: false, detail: action.cannot ?? 'not tried' };
  const answers: AttemptResponse[] = [];
  while (action.cannot === null && answers.length < action.attempts && !outcome.ok) {
    if (answers.length > 0) await pause(Math.min(LONGEST_PAUSE_MS, action.backoffMs * 2 ** (answers.length - 1)));
    const at = Date.now();
    outcome = await attempt(action, context);
    answers.push({ at, durationMs: Date.now() - at, ...outcome });
    context.onAnswer?.(answers.slice());
  }
  return {
    status: outcome.ok ? 'done' : 'failed',
    attempts: answers.length,
    answers,
    detail: outcome.detail,
    startedAt,
    finishedAt: Date.now(),
  };
}

async function attempt(planned: PlannedAction, context: ActionContext): Promise<Outcome> {
  const { action } = planned;
  const { order } = context;
  const registry = registryOf(order.componentType);
  switch (action) {
    case 'restart':
    case 'scale_up':
      return askControl(action, planned.parameters ?? {}, context);
    case 'switchover': {
      const promoted = await registry.promoteStandby(order.componentId, order.recoveryId);
      return promoted.ok
        ? { ok: true, detail: `${promoted.value.promoted} took over` }
        : { ok: false, detail: promoted.message };
    }
    case 'isolate': {
      const until = order.startedAt + (planned.forMs ?? 0);
      const isolated = await registry.isolate(order.componentId, order.recoveryId, until);
      return isolated.ok
        ? { ok: true, detail: `${isolated.value.lifecycle} until ${isolated.value.lifecycleUntil ?? 'it is restored'}` }
        : { ok: false, detail: isolated.message };
    }
    case 'alert': {
      const incidentId = await raiseIncident(context.env, order, {
        severity: 'warning',
        summary: planned.note ?? 'it failed by itself',
      });
      return { ok: true, detail: `incident ${incidentId}` };
    }
    default:
      return action satisfies never;
  }
}

async function askControl(
  action: ControlAction,
  parameters: JsonObject,
  { env, order, position }: ActionContext,
): Promise<Outcome> {
  // Asked anew for each attempt and kept nowhere: what a step answers is stored, and a secret must not be.
  const access = await registryOf(order.componentType).controlAccess(order.componentId, {
    recoveryId: order.recoveryId,
    action,
  });
  if (!access.ok) return { ok: false, detail: access.message };
  const request = {
    action,
    componentId: order.componentId,
    recoveryId: order.recoveryId,
    idempotencyKey: `${order.recoveryId}-${position}`,
    reason: order.reason,
    parameters,
  };
  const answer = await callControl({ ...access.value, request }, outboundPolicyOf(env), Date.now());
  return answer.ok
    ? { ok: true, detail: `accepted with HTTP ${answer.value.status}` }
    : { ok: false, detail: answer.message };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
