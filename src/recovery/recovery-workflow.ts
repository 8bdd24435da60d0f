/**
 * One recovery, from plan to proof: plan → guard → act → verify → close, or escalate.
 *
 * A Workflow: every step is stored, so a kill at any instant resumes here. Steps may run twice and
 * their receivers know it. It waits for signals of the registry, which keeps the time: after a
 * restart an event wakes an instance where a sleep would not.
 */
import type { WorkflowEvent, WorkflowStep } from 'cloudflare:workers';
import { WorkflowEntrypoint } from 'cloudflare:workers';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import { planRequested } from '../core/failure/requested-plan.ts';
import type { RecoveryOrder, RecoverySignal, SignalOutcome } from '../core/failure/failure-intake.ts';
import type { PlannedAction } from '../core/failure/recovery-plan.ts';
import { alertInstead, planRecovery } from '../core/failure/recovery-plan.ts';
import { isRequested } from '../core/failure/recovery-policy.ts';
import type { AttemptResponse, RecordedAction, RecordedRecovery, RecoveryStatus } from '../history/recovery-history.ts';
import { saveRecovery } from '../history/recovery-history.ts';
import { registryOf } from '../registry/contract/registry-api.ts';
import type { ActionResult } from './perform-action.ts';
import { performAction } from './perform-action.ts';
import { ProgressWriter } from './progress-writer.ts';
import { dryRunAction } from './dry-run-action.ts';
import { recordRecoveryEnd } from './record-recovery-end.ts';

type Ending = Exclude<RecoveryStatus, 'running'>;

/** As it is written down, with the actions that there are so far. */
interface RunningRecovery extends RecordedRecovery {
  readonly actions: RecordedAction[];
}

/** The registry ends a verification in time; this is for the case that its signal is lost. */
const SIGNAL_GRACE_MS = 120_000;
const GUARD_RETRY_MS = 5_000;
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
    return this.close(step, order, actions, ending ?? 'failed');
  }

  /** By what is in force now, and stored: what is set later changes nothing in it. Null when it is over already. */
  private async plan(step: WorkflowStep, order: RecoveryOrder): Promise<readonly PlannedAction[] | undefined> {
    const planned = await step.do('plan', async () => {
      const target = await registryOf(order.componentType).recoveryFacts(order.componentId, order.recoveryId);
      // As text: the types of RPC do not see the end of free JSON.
      if (!target.ok) return null;
      const { policy, facts } = target.value;
      return JSON.stringify(order.asked ? planRequested(order.asked) : planRecovery(policy, facts));
    });
    return planned === null ? undefined : (JSON.parse(planned) as PlannedAction[]);
  }

  /** One action and its proof; null when the next action is due. */
  private async perform(
    step: WorkflowStep,
    recovery: RunningRecovery,
    position: number,
    planned: PlannedAction,
  ): Promise<Ending | null> {
    const leave = await this.guard(step, recovery, position, planned);
    if (isEnding(leave)) return leave;
    const action = leave === 'frozen' ? alertInstead(planned, `recoveries are frozen, no ${planned.action}`) : planned;
    const { actions } = recovery;
    const result = await step.do(`${position} ${action.action}`, async () => this.act(recovery, position, action));
    const verifies = result.status === 'done' && action.verifyMs > 0;
    actions.push({ position, action: action.action, ...result, verification: verifies ? 'running' : 'none' });
    await this.record(step, `${position} done`, recovery);
    if (!verifies) return null;

    const outcome = await this.verify(step, recovery, position, action.verifyMs);
    actions[actions.length - 1] = { ...actions.at(-1)!, verification: outcome === 'healthy' ? 'proven' : 'unproven' };
    if (outcome === 'healthy') return 'successful';
    if (outcome === 'cancelled' || outcome === 'removed') return 'cancelled';
    return this.isOverdue(step, recovery, position);
  }

  /** Does it, and has it written down meanwhile how far it is. */
  private async act(recovery: RunningRecovery, position: number, planned: PlannedAction): Promise<ActionResult> {
    if (recovery.rehearsal) return dryRunAction(planned, { env: this.env, order: recovery, position });
    const progress = new ProgressWriter(this.env.HISTORY);
    const startedAt = Date.now();
    const note = (answers: readonly AttemptResponse[]): void => {
      const [attempts, detail] = [answers.length, answers.at(-1)?.detail ?? null];
      const { action } = planned;
      const said = { position, action, attempts, answers, detail, startedAt };
      const underWay = { ...said, status: 'running', finishedAt: null, verification: 'none' } as const;
      progress.write({ ...recovery, actions: [...recovery.actions, underWay] });
    };
    note([]);
    const result = await performAction(planned, { env: this.env, order: recovery, position, onAnswer: note });
    await progress.settled();
    return result;
  }

  /** Waits for leave to act; an ending when the recovery is over or its time is, `frozen` when it may only alert. */
  private async guard(
    step: WorkflowStep,
    order: RecoveryOrder,
    position: number,
    { action }: PlannedAction,
  ): Promise<Ending | 'permitted' | 'frozen'> {
    for (let round = 0; ; round++) {
      const answer = await step.do(`${position} guard ${round}`, async () => {
        const registry = registryOf(order.componentType);
        const leave = await registry.permitAction(order.componentId, order.recoveryId, isRequested(action));
        return leave === 'too-many' && Date.now() >= order.deadline ? 'overdue' : leave;
      });
      if (answer === 'permitted') return answer;
      if (answer === 'frozen') return action === 'alert' ? 'permitted' : answer;
      if (answer === 'not-recovering') return 'cancelled';
      if (answer === 'shadowed') return 'suppressed';
      if (answer === 'overdue') return 'timeout';
      // Whatever wakes it, it asks again.
      await this.nextSignal(step, `${position} guard wait ${round}`, GUARD_RETRY_MS);
    }
  }

  private async verify(
    step: WorkflowStep,
    order: RecoveryOrder,
    position: number,
    forMs: number,
  ): Promise<SignalOutcome> {
    const begun = await step.do(`${position} verify`, async () => {
      const answer = await registryOf(order.componentType).beginVerification(
        order.componentId,
        order.recoveryId,
        position,
        forMs,
      );
      return answer.ok;
    });
    if (!begun) return 'cancelled';
    for (let received = 0; received < MAX_SIGNALS; received++) {
      const signal = await this.nextSignal(step, `${position} signal ${received}`, forMs + SIGNAL_GRACE_MS);
      if (!signal) return 'unproven';
      const isFinal = signal.outcome === 'cancelled' || signal.outcome === 'removed';
      if (isFinal || signal.position === position) return signal.outcome;
    }
    return 'unproven';
  }

  /** The next signal of the registry, or null when none came in time. */
  private async nextSignal(step: WorkflowStep, name: string, timeout: number): Promise<RecoverySignal | null> {
    try {
      return (await step.waitForEvent<RecoverySignal>(name, { type: 'signal', timeout })).payload;
    } catch {
      // waitForEvent throws when its time is over, and for nothing else.
      return null;
    }
  }

  private async isOverdue(step: WorkflowStep, order: RecoveryOrder, position: number): Promise<Ending | null> {
    return step.do(`${position} time`, async () => (Date.now() >= order.deadline ? 'timeout' : null));
  }

  private async close(
    step: WorkflowStep,
    order: RecoveryOrder,
    actions: readonly RecordedAction[],
    asked: Ending,
  ): Promise<Ending> {
    const ending = await step.do('end', async () =>
      registryOf(order.componentType).endRecovery(order.componentId, order.recoveryId, asked),
    );
    // With the history away this is tried for a long time: the component is long back in service.
    await step.do(
      'close',
      { retries: { limit: 20, delay: 2_000, backoff: 'exponential' }, timeout: '1 minute' },
      async () => recordRecoveryEnd(this.env, { order, actions, outcome: ending }),
    );
    return ending;
  }

  /** Writes the recovery as it stands to the history and the log; with the history away it goes on. */
  private async record(step: WorkflowStep, name: string, recovery: RecordedRecovery): Promise<void> {
    await step.do(`record ${name}`, async () => {
      const last = recovery.actions.at(-1);
      try {
        if (last) await publishAction(recovery, last);
        await saveRecovery(this.env.HISTORY, recovery);
      } catch (error) {
        console.error(
          JSON.stringify({ message: 'recovery not recorded', recoveryId: recovery.recoveryId, error: String(error) }),
        );
      }
    });
  }
}

const isEnding = (answer: Ending | 'permitted' | 'frozen'): answer is Ending =>
  answer !== 'permitted' && answer !== 'frozen';

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
