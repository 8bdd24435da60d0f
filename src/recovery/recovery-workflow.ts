/**
 * Workflow of a single recovery: plan, guard, act, verify, close.
 *
 * Every step is stored, so the workflow resumes after a kill at any point. A step may run twice, so its receivers are
 * idempotent. The workflow waits for signals from the registry, which owns the timers: after a restart an event wakes
 * an instance, but a sleep does not.
 */
import type { WorkflowEvent, WorkflowStep } from 'cloudflare:workers';
import { WorkflowEntrypoint } from 'cloudflare:workers';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import { planRequested } from '../core/failure/requested-plan.ts';
import type { RecoveryOrder, RecoverySignal, SignalOutcome } from '../core/failure/failure-manager-api.ts';
import type { PlannedAction } from '../core/failure/recovery-plan.ts';
import { alertInstead, planRecovery } from '../core/failure/recovery-plan.ts';
import { isControlAction } from '../core/failure/recovery-policy.ts';
import { recoveryWork } from '../core/failure/recovery-work.ts';
import type { AttemptResponse, RecordedAction, RecordedRecovery, RecoveryStatus } from '../history/recovery-history.ts';
import { withinDeadline } from '../history/history-deadline.ts';
import { saveRecovery } from '../history/recovery-history.ts';
import { registryOf } from '../registry/contract/registry-api.ts';
import type { ActionResult } from './perform-action.ts';
import { performAction } from './perform-action.ts';
import { ProgressWriter } from './progress-writer.ts';
import { dryRunAction } from './dry-run-action.ts';
import { recordRecoveryEnd } from './record-recovery-end.ts';
import { logError } from '../logging/log-error.ts';

type Ending = Exclude<RecoveryStatus, 'running'>;

/** The stored form of a recovery in progress, with its actions so far. */
interface RunningRecovery extends RecordedRecovery {
  readonly actions: RecordedAction[];
}

/** The registry ends each verification in time. The grace period applies only if its signal is lost. */
const SIGNAL_GRACE_MS = 120_000;
const GUARD_RETRY_MS = 5_000;
/** Time for a component that answers again to prove itself before it is restarted, ms. */
const RETURN_MS = 10_000;
const MAX_SIGNALS = 20;

export class RecoveryWorkflow extends WorkflowEntrypoint<Env, RecoveryOrder> {
  override async run(event: Readonly<WorkflowEvent<RecoveryOrder>>, step: WorkflowStep): Promise<Ending> {
    const order = event.payload;
    const actions: RecordedAction[] = [];
    const plan = await this.plan(step, order);
    const recovery = { ...order, status: 'running', finishedAt: null, actions, incidentId: null, plan } as const;
    await this.record(step, 'planned', recovery);

    let ending: Ending | null = plan ? null : 'cancelled';
    for (const [position, action] of (plan ?? []).entries()) {
      if (ending) break;
      ending = await this.perform(step, recovery, position, action);
    }
    return this.close(step, recovery, ending ?? 'failed');
  }

  /** Plans with the current policy; later changes do not affect the plan. Undefined if the recovery has ended. */
  private async plan(step: WorkflowStep, order: RecoveryOrder): Promise<readonly PlannedAction[] | undefined> {
    const planned = await step.do('plan', async () => {
      const target = await registryOf(order.componentType).recoveryFacts(order.componentId, order.recoveryId);
      // Serialized, because the RPC types do not terminate on free-form JSON.
      if (!target.ok) return null;
      const { policy, facts } = target.value;
      return JSON.stringify(order.requestedAction ? planRequested(order.requestedAction) : planRecovery(policy, facts));
    });
    return planned === null ? undefined : (JSON.parse(planned) as PlannedAction[]);
  }

  /** Performs and verifies one action. Returns null if the next action is due. */
  private async perform(
    step: WorkflowStep,
    recovery: RunningRecovery,
    position: number,
    planned: PlannedAction,
  ): Promise<Ending | null> {
    const permission = await this.guard(step, recovery, position, planned);
    if (isEnding(permission)) return permission;
    const action =
      permission === 'frozen' ? alertInstead(planned, `recoveries are frozen, no ${planned.action}`) : planned;
    const { actions } = recovery;
    const result = await step.do(`${position} ${action.action}`, async () => this.act(recovery, position, action));
    const verifies = result.status === 'done' && action.verifyMs > 0;
    actions.push({ position, action: action.action, ...result, verification: verifies ? 'running' : 'none' });
    await this.record(step, `${position} done`, recovery);
    if (!verifies) return null;

    const outcome = await this.verify(step, recovery, {
      name: String(position),
      position,
      durationMs: action.verifyMs,
    });
    actions[actions.length - 1] = { ...actions.at(-1)!, verification: outcome === 'healthy' ? 'proven' : 'unproven' };
    if (outcome === 'healthy') return 'successful';
    if (outcome === 'cancelled' || outcome === 'removed') return 'cancelled';
    return this.isOverdue(step, recovery, position);
  }

  /** Performs the action and records its progress meanwhile. */
  private async act(recovery: RunningRecovery, position: number, planned: PlannedAction): Promise<ActionResult> {
    if (recovery.dryRun) return dryRunAction(planned, { env: this.env, order: recovery, position });
    const progress = new ProgressWriter(this.env.HISTORY);
    const startedAt = Date.now();
    const recordAttempts = (responses: readonly AttemptResponse[]): void => {
      const [attempts, detail] = [responses.length, responses.at(-1)?.detail ?? null];
      const { action } = planned;
      const progressFields = { position, action, attempts, responses, detail, startedAt };
      const runningAction = { ...progressFields, status: 'running', finishedAt: null, verification: 'none' } as const;
      progress.write({ ...recovery, actions: [...recovery.actions, runningAction] });
    };
    recordAttempts([]);
    const result = await performAction(planned, {
      env: this.env,
      order: recovery,
      position,
      onAttempt: recordAttempts,
    });
    await progress.settled();
    return result;
  }

  /**
   * Waits for permission to act. Returns an ending if the recovery must end without this action, and `frozen` if the
   * recovery may only alert.
   */
  private async guard(
    step: WorkflowStep,
    order: RunningRecovery,
    position: number,
    { action }: PlannedAction,
  ): Promise<Ending | 'permitted' | 'frozen'> {
    for (let round = 0; ; round++) {
      const decision = await step.do(`${position} guard ${round}`, async () => {
        const registry = registryOf(order.componentType);
        return registry.permitAction(order.componentId, order.recoveryId, isControlAction(action));
      });
      if (decision === 'permitted') return decision;
      if (decision === 'frozen') return action === 'alert' ? 'permitted' : decision;
      if (decision === 'not-recovering') return 'cancelled';
      if (decision === 'dependency-failed') return 'suppressed';
      if (decision === 'overdue') return 'timeout';
      if (decision === 'answering') {
        const outcome = await this.awaitReturn(step, order, position, round);
        if (outcome === 'healthy') return order.actions.length === 0 ? 'not-needed' : 'successful';
        if (outcome === 'cancelled' || outcome === 'removed') return 'cancelled';
        continue;
      }
      // Any signal and the timeout lead to another request for permission.
      await this.nextSignal(step, `${position} guard wait ${round}`, GUARD_RETRY_MS);
    }
  }

  /**
   * Waits for a component that answers again to prove itself before the action. The wait has a position of its own, so
   * that its signals are not taken for those after the action.
   */
  private awaitReturn(
    step: WorkflowStep,
    order: RecoveryOrder,
    position: number,
    round: number,
  ): Promise<SignalOutcome> {
    const name = `${position} return ${round}`;
    return this.verify(step, order, { name, position: -1 - position, durationMs: RETURN_MS });
  }

  private async verify(
    step: WorkflowStep,
    order: RecoveryOrder,
    { name, position, durationMs }: { readonly name: string; readonly position: number; readonly durationMs: number },
  ): Promise<SignalOutcome> {
    const isVerifying = await step.do(`${name} verify`, async () => {
      const result = await registryOf(order.componentType).beginVerification(
        order.componentId,
        order.recoveryId,
        position,
        durationMs,
      );
      return result.ok;
    });
    if (!isVerifying) return 'cancelled';
    for (let received = 0; received < MAX_SIGNALS; received++) {
      const signal = await this.nextSignal(step, `${name} signal ${received}`, durationMs + SIGNAL_GRACE_MS);
      if (!signal) return 'unproven';
      const isFinal = signal.outcome === 'cancelled' || signal.outcome === 'removed';
      if (isFinal || signal.position === position) return signal.outcome;
    }
    return 'unproven';
  }

  /** The next signal from the registry, or null if none arrived in time. */
  private async nextSignal(step: WorkflowStep, name: string, timeout: number): Promise<RecoverySignal | null> {
    try {
      return (await step.waitForEvent<RecoverySignal>(name, { type: 'signal', timeout })).payload;
    } catch {
      // waitForEvent throws only when it times out.
      return null;
    }
  }

  private async isOverdue(step: WorkflowStep, order: RecoveryOrder, position: number): Promise<Ending | null> {
    return step.do(`${position} time`, async () => (Date.now() >= order.deadline ? 'timeout' : null));
  }

  private async close(
    step: WorkflowStep,
    { actions, plan, ...order }: RunningRecovery,
    requestedEnding: Ending,
  ): Promise<Ending> {
    const ending = await step.do('end', async () =>
      registryOf(order.componentType).endRecovery(
        order.componentId,
        order.recoveryId,
        requestedEnding,
        recoveryWork(actions),
      ),
    );
    // Retried for a long time while D1 is unavailable. The registry has already ended the recovery.
    await step.do(
      'close',
      { retries: { limit: 20, delay: 2_000, backoff: 'exponential' }, timeout: '1 minute' },
      async () => recordRecoveryEnd(this.env, { order, actions, plan, outcome: ending }),
    );
    return ending;
  }

  /** Writes the current recovery to D1 and the event log. The workflow continues if either is unavailable or slow. */
  private async record(step: WorkflowStep, name: string, recovery: RecordedRecovery): Promise<void> {
    await step.do(`record ${name}`, async () => {
      const last = recovery.actions.at(-1);
      try {
        if (last) await publishAction(recovery, last);
        await withinDeadline(saveRecovery(this.env.HISTORY, recovery));
      } catch (error) {
        logError('recovery not recorded', { recoveryId: recovery.recoveryId, error });
      }
    });
  }
}

const isEnding = (decision: Ending | 'permitted' | 'frozen'): decision is Ending =>
  decision !== 'permitted' && decision !== 'frozen';

async function publishAction(recovery: RecordedRecovery, action: RecordedAction): Promise<void> {
  const { recoveryId, componentId, componentType } = recovery;
  const { position, status, detail, attempts } = action;
  const data = { recoveryId, componentType, position, action: action.action, status, detail, attempts };
  await coordinator().publish(
    [
      {
        key: `${recoveryId}:${position}`,
        type: 'recovery.action',
        subject: componentId,
        time: action.finishedAt ?? action.startedAt,
        data,
      },
    ],
    null,
  );
}
