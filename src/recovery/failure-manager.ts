/**
 * Takes failures from the registries' outboxes: classify → append to D1 → count against the
 * threshold → begin a recovery. Stateless and idempotent: failures are known by their ids, recoveries
 * begin by compare-and-set in the registry, workflows by their id.
 *
 * With D1 away it counts what still waits in the outbox, so that recovery starts all the same; the
 * reports stay there and are written once afterwards.
 */
import { WorkerEntrypoint } from 'cloudflare:workers';
import { classifyFailure } from '../core/failure/classify.ts';
import type {
  FailureBatchItem,
  FailureEvaluation,
  FailureIntake,
  RecoveryOrder,
  RecoverySignal,
} from '../core/failure/failure-intake.ts';
import { countingSince, reachesThreshold } from '../core/failure/threshold.ts';
import { appendFailure, countFailures } from '../history/failure-history.ts';
import type { RecordedAction } from '../history/recovery-history.ts';
import { findRecovery } from '../history/recovery-history.ts';
import { reportHistoryHealth } from '../edge/report-history-health.ts';
import { registryOf } from '../registry/contract/registry-api.ts';
import { recordRecoveryEnd } from './record-recovery-end.ts';

export class FailureManager extends WorkerEntrypoint<Env> implements FailureIntake {
  async evaluate(items: readonly FailureBatchItem[]): Promise<FailureEvaluation[]> {
    const evaluations: FailureEvaluation[] = [];
    // One after the other: a later failure of the same component must count the earlier ones.
    for (const item of items) {
      try {
        evaluations.push(await this.evaluateOne(item));
      } catch (error) {
        // Without an evaluation its row stays in the outbox; the other components' failures go on.
        console.error(
          JSON.stringify({ message: 'failure not evaluated', failureId: item.report.id, error: String(error) }),
        );
        if (items.length === 1) throw error;
      }
    }
    return evaluations;
  }

  async signal(signal: RecoverySignal): Promise<boolean> {
    const { recoveryId, outcome } = signal;
    try {
      const instance = await this.env.RECOVERY_WORKFLOW.get(recoveryId);
      const { status } = await instance.status();
      if (!isOver(status)) await instance.sendEvent({ type: 'signal', payload: signal });
      return true;
    } catch (error) {
      // Its component is gone and it was never started: there is nobody to tell.
      if (outcome === 'removed' && !(await this.exists(recoveryId))) return true;
      // Not started yet or just ending: the registry keeps the row and comes back.
      console.error(JSON.stringify({ message: 'signal not taken', recoveryId, error: String(error) }));
      return false;
    }
  }

  async nudge(order: RecoveryOrder): Promise<void> {
    if (await this.start(order)) return;
    const instance = await this.env.RECOVERY_WORKFLOW.get(order.recoveryId);
    const { status } = await instance.status();
    if (isOver(status)) return this.closeLost(order);
    // Wakes an instance that a restart of the runtime left asleep; nothing else reads this event.
    await instance.sendEvent({ type: 'nudge', payload: null });
  }

  private async evaluateOne({
    report,
    countSince,
    recentFailures: remembered,
    policy,
  }: FailureBatchItem): Promise<FailureEvaluation> {
    const failureType = classifyFailure({ code: report.code ?? undefined, message: report.message });
    const since = countingSince(report.occurredAt, countSince, policy);
    const counted = await this.record(report, failureType, since);
    // The history may have missed some while it was away, the registry remembers only the latest.
    const recentFailures = Math.max(counted ?? 0, remembered.filter((at) => at > since).length);
    const reached = reachesThreshold(report, recentFailures, policy);
    return {
      failureId: report.id,
      failureType,
      recentFailures,
      threshold: policy.failureThreshold,
      recoveryId: reached ? await this.recover(report, failureType) : null,
      recorded: counted !== null,
    };
  }

  /** Appends and counts in one transaction; null when the history is away. */
  private async record(
    report: FailureBatchItem['report'],
    failureType: FailureEvaluation['failureType'],
    since: number,
  ): Promise<number | null> {
    const db = this.env.HISTORY;
    try {
      const [, count] = await db.batch<{ n: number }>([
        appendFailure(db, report, failureType),
        countFailures(db, report.componentId, since),
      ]);
      this.ctx.waitUntil(reportHistoryHealth(true));
      return count?.results[0]?.n ?? 0;
    } catch (error) {
      console.error(JSON.stringify({ message: 'history is away', failureId: report.id, error: String(error) }));
      this.ctx.waitUntil(reportHistoryHealth(false));
      return null;
    }
  }

  private async recover(
    report: FailureBatchItem['report'],
    failureType: FailureEvaluation['failureType'],
  ): Promise<string | null> {
    const reason = report.code ? `${report.code}: ${report.message}` : report.message;
    const cause = { occurredAt: report.occurredAt, failureId: report.id, failureType, reason };
    const begun = await registryOf(report.componentType).beginRecovery(report.componentId, cause);
    if (!begun.ok) return null;
    const { order, started } = begun.value;
    // Asked again for the failure that began it, a start that was lost between the two is made up for.
    if (started || order.failureId === report.id) await this.start(order);
    return order.recoveryId;
  }

  /** Starts the workflow of an order; false when it exists already. */
  private async start(order: RecoveryOrder): Promise<boolean> {
    try {
      await this.env.RECOVERY_WORKFLOW.create({ id: order.recoveryId, params: order });
      return true;
    } catch (error) {
      if (await this.exists(order.recoveryId)) return false;
      throw error;
    }
  }

  private async exists(recoveryId: string): Promise<boolean> {
    try {
      await (await this.env.RECOVERY_WORKFLOW.get(recoveryId)).status();
      return true;
    } catch {
      // `get` throws for an unknown instance, which is the answer.
      return false;
    }
  }

  /** The workflow is over and never told the registry: the history knows how it ended, or it died on the way. */
  private async closeLost(order: RecoveryOrder): Promise<void> {
    const recorded = await findRecovery(this.env.HISTORY, order.recoveryId);
    const died = !recorded || recorded.status === 'running';
    const ending = recorded && recorded.status !== 'running' ? recorded.status : 'failed';
    const registry = registryOf(order.componentType);
    const outcome = await registry.endRecovery(order.componentId, order.recoveryId, ending);
    if (died) await recordRecoveryEnd(this.env, { order, actions: (recorded?.actions ?? []).map(cutShort), outcome });
  }
}

/** What was under way when the workflow died: how it went nobody knows. */
function cutShort(action: RecordedAction): RecordedAction {
  const verification = action.verification === 'running' ? 'unproven' : action.verification;
  return action.status === 'running'
    ? { ...action, verification, status: 'failed', detail: 'the recovery ended before it was answered' }
    : { ...action, verification };
}

const isOver = (status: string): boolean => ['complete', 'errored', 'terminated'].includes(status);
