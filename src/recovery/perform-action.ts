/** Carries one planned action out. May run twice: every receiver knows the action by its key. */
import type { RecoveryOrder } from '../core/failure/failure-intake.ts';
import type { RecoveryAction } from '../core/failure/recovery-plan.ts';
import { outboundPolicyOf } from '../outbound/outbound-policy.ts';
import { registryOf } from '../registry/registry-api.ts';
import { callControl } from './control-call.ts';
import { raiseIncident } from './incidents.ts';

export interface ActionResult {
  readonly status: 'done' | 'failed';
  readonly attempts: number;
  readonly detail: string;
  readonly startedAt: number;
  readonly finishedAt: number;
}

export interface ActionContext {
  readonly env: Env;
  readonly order: RecoveryOrder;
  readonly position: number;
  readonly controlUrl: string | null;
}

interface Outcome {
  readonly ok: boolean;
  readonly detail: string;
}

const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 500;
const ISOLATION_MS = 300_000;

/** Tries the action up to three times and says how it went; never throws for what the other side did. */
export async function performAction(action: RecoveryAction, context: ActionContext): Promise<ActionResult> {
  const startedAt = Date.now();
  let outcome: Outcome = { ok: false, detail: 'not tried' };
  let attempts = 0;
  while (attempts < ATTEMPTS && !outcome.ok) {
    if (attempts > 0) await pause(FIRST_PAUSE_MS * 2 ** (attempts - 1));
    attempts++;
    outcome = await attempt(action, context);
  }
  return {
    status: outcome.ok ? 'done' : 'failed',
    attempts,
    detail: outcome.detail,
    startedAt,
    finishedAt: Date.now(),
  };
}

async function attempt(action: RecoveryAction, context: ActionContext): Promise<Outcome> {
  const { order } = context;
  const registry = registryOf(order.componentType);
  switch (action) {
    case 'restart':
    case 'scale_up':
      return askControl(action, context);
    case 'switchover': {
      const promoted = await registry.promoteStandby(order.componentId, order.recoveryId);
      return promoted.ok
        ? { ok: true, detail: `${promoted.value.promoted} took over` }
        : { ok: false, detail: promoted.message };
    }
    case 'isolate': {
      const isolated = await registry.isolate(order.componentId, order.recoveryId, order.startedAt + ISOLATION_MS);
      return isolated.ok
        ? { ok: true, detail: `${isolated.value.lifecycle} until ${isolated.value.lifecycleUntil ?? 'it is restored'}` }
        : { ok: false, detail: isolated.message };
    }
    case 'alert': {
      const incident = await raiseIncident(context.env, order, {
        severity: 'warning',
        summary: context.controlUrl === null ? 'it has no control endpoint to restart it by' : 'it failed by itself',
      });
      return { ok: true, detail: `incident ${incident.id}` };
    }
    default:
      return action satisfies never;
  }
}

async function askControl(action: 'restart' | 'scale_up', { env, order, position }: ActionContext): Promise<Outcome> {
  // Asked anew for each attempt and kept nowhere: what a step answers is stored, and a secret must not be.
  const access = await registryOf(order.componentType).controlAccess(order.componentId, order.recoveryId);
  if (!access.ok) return { ok: false, detail: access.message };
  const request = {
    action,
    componentId: order.componentId,
    recoveryId: order.recoveryId,
    idempotencyKey: `${order.recoveryId}-${position}`,
    reason: order.reason,
    parameters: {},
  };
  const answer = await callControl({ ...access.value, request }, outboundPolicyOf(env), Date.now());
  return answer.ok
    ? { ok: true, detail: `accepted with HTTP ${answer.value.status}` }
    : { ok: false, detail: answer.message };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
