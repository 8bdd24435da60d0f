/** Performs one planned action. Idempotent: every receiver recognizes a repeated action by its key. */
import type { ControlAction } from '../core/component/control-action.ts';
import type { RecoveryOrder } from '../core/failure/failure-manager-api.ts';
import type { PlannedAction } from '../core/failure/recovery-plan.ts';
import type { JsonObject } from '../core/json.ts';
import type { AttemptResponse } from '../history/recovery-history.ts';
import { withinDeadline } from '../history/history-deadline.ts';
import { logError } from '../logging/log-error.ts';
import { outboundPolicyOf } from '../outbound/outbound-policy.ts';
import { registryOf } from '../registry/contract/registry-api.ts';
import { callControl } from './control-call.ts';
import { openAndAlert, recordIncident } from './report-incident.ts';

export interface ActionResult {
  readonly status: 'done' | 'failed';
  readonly attempts: number;
  /** One entry per attempt. */
  readonly responses: readonly AttemptResponse[];
  readonly detail: string;
  readonly startedAt: number;
  readonly finishedAt: number;
}

export interface ActionContext {
  readonly env: Env;
  readonly order: RecoveryOrder;
  readonly position: number;
  /** Called after each attempt with all responses so far. */
  readonly onAttempt?: (responses: readonly AttemptResponse[]) => void;
}

interface Outcome {
  readonly ok: boolean;
  readonly detail: string;
}

const MAX_PAUSE_MS = 30_000;

/** Tries the action as often as planned and returns the result. Never throws for an error of the remote side. */
export async function performAction(action: PlannedAction, context: ActionContext): Promise<ActionResult> {
  const startedAt = Date.now();
  let outcome: Outcome = { ok: false, detail: action.impossible ?? 'not tried' };
  const responses: AttemptResponse[] = [];
  while (action.impossible === null && responses.length < action.attempts && !outcome.ok) {
    if (responses.length > 0) await pause(Math.min(MAX_PAUSE_MS, action.backoffMs * 2 ** (responses.length - 1)));
    const at = Date.now();
    outcome = await attempt(action, context);
    responses.push({ at, durationMs: Date.now() - at, ...outcome });
    context.onAttempt?.(responses.slice());
  }
  return {
    status: outcome.ok ? 'done' : 'failed',
    attempts: responses.length,
    responses,
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
      return callControlEndpoint(action, planned.parameters ?? {}, context);
    case 'switchover': {
      const promoted = await registry.promoteStandby(order.componentId, order.recoveryId);
      return promoted.ok
        ? { ok: true, detail: `${promoted.value.promoted} took over` }
        : { ok: false, detail: promoted.message };
    }
    case 'isolate': {
      const until = order.startedAt + (planned.durationMs ?? 0);
      const isolated = await registry.isolate(order.componentId, order.recoveryId, until);
      return isolated.ok
        ? { ok: true, detail: `${isolated.value.lifecycle} until ${isolated.value.lifecycleUntil ?? 'it is restored'}` }
        : { ok: false, detail: isolated.message };
    }
    case 'alert': {
      const { target, priority } = planned;
      const summary = planned.note ?? 'the component failed';
      const incident = await openAndAlert(order, { severity: 'warning', summary, target, priority });
      await withinDeadline(recordIncident(context.env, incident)).catch((error: unknown) => {
        // The alert was sent. The end of the recovery writes the incident again.
        logError('incident not recorded', { recoveryId: order.recoveryId, error });
      });
      return { ok: true, detail: `incident ${incident.id}` };
    }
    default:
      return action satisfies never;
  }
}

async function callControlEndpoint(
  action: ControlAction,
  parameters: JsonObject,
  { env, order, position }: ActionContext,
): Promise<Outcome> {
  // Read again for each attempt and never returned: step results are stored, and secrets must not be.
  const controlAccess = await registryOf(order.componentType).controlAccess(order.componentId, {
    recoveryId: order.recoveryId,
    action,
  });
  if (!controlAccess.ok) return { ok: false, detail: controlAccess.message };
  const request = {
    action,
    componentId: order.componentId,
    recoveryId: order.recoveryId,
    idempotencyKey: `${order.recoveryId}-${position}`,
    reason: order.failureType,
    detail: order.reason,
    parameters,
  };
  const response = await callControl({ ...controlAccess.value, request }, outboundPolicyOf(env), Date.now());
  return response.ok
    ? { ok: true, detail: `accepted with HTTP ${response.value.status}` }
    : { ok: false, detail: response.message };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
