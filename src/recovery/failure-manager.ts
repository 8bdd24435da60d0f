/**
 * Evaluates the failures in the registries' outboxes: classify, append to D1, compare with the threshold, start a
 * recovery. Stateless and idempotent: failures and workflows are keyed by id, and a recovery begins by compare-and-set
 * in the registry.
 *
 * While D1 is unavailable, the manager counts the failures that the registry remembers, so recoveries still start. The
 * reports stay in the outbox and are written once afterwards.
 */
import { WorkerEntrypoint } from 'cloudflare:workers';
import { classifyFailure } from '../core/failure/classify.ts';
import type {
  FailureBatchItem,
  FailureEvaluation,
  FailureIntake,
  RecoveryOrder,
  RecoverySignal,
} from '../core/failure/failure-manager-api.ts';
import { countingSince, reachesThreshold } from '../core/failure/threshold.ts';
import { appendFailure, countFailures } from '../history/failure-history.ts';
import type { RecordedAction } from '../history/recovery-history.ts';
import { findRecovery } from '../history/recovery-history.ts';
import { reportHistoryHealth } from '../edge/report-history-health.ts';
import { registryOf } from '../registry/contract/registry-api.ts';
import { recordRecoveryEnd } from './record-recovery-end.ts';
import { logError } from '../logging/log-error.ts';

export class FailureManager extends WorkerEntrypoint<Env> implements FailureIntake {
  async evaluate(items: readonly FailureBatchItem[]): Promise<FailureEvaluation[]> {
    const evaluations: FailureEvaluation[] = [];
    // Sequential, because a later failure of the same component must count the earlier ones.
    for (const item of items) {
      try {
        evaluations.push(await this.evaluateOne(item));
      } catch (error) {
        // Without an evaluation the row stays in the outbox. The failures of other components are still evaluated.
        logError('failure not evaluated', { failureId: item.report.id, error });
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
      if (!hasEnded(status)) await instance.sendEvent({ type: 'signal', payload: signal });
      return true;
    } catch (error) {
      // The component was removed and the workflow never started, so there is no receiver.
      if (outcome === 'removed' && !(await this.exists(recoveryId))) return true;
      // The workflow has not started yet or is just ending. The registry keeps the row and retries.
      logError('signal not delivered', { recoveryId, error });
      return false;
    }
  }

  async wake(order: RecoveryOrder): Promise<void> {
    if (await this.start(order)) return;
    const instance = await this.env.RECOVERY_WORKFLOW.get(order.recoveryId);
    const { status } = await instance.status();
    if (hasEnded(status)) return this.closeLost(order);
    // The event wakes an instance that a restart of the runtime left asleep. No step reads the event.
    await instance.sendEvent({ type: 'nudge', payload: null });
  }

  private async evaluateOne({
    report,
    countSince,
    recentFailures: registryFailures,
    policy,
  }: FailureBatchItem): Promise<FailureEvaluation> {
    const failureType = classifyFailure({ code: report.code ?? undefined, message: report.message });
    const since = countingSince(report.occurredAt, countSince, policy);
    const failureCount = await this.record(report, failureType, since);
    // D1 lacks failures from its outages, and the registry remembers only the latest ones.
    const recentFailures = Math.max(failureCount ?? 0, registryFailures.filter((at) => at > since).length);
    const reached = reachesThreshold(report, recentFailures, policy);
    return {
      failureId: report.id,
      failureType,
      recentFailures,
      threshold: policy.failureThreshold,
      recoveryId: reached ? await this.recover(report, failureType) : null,
      recorded: failureCount !== null,
    };
  }

  /** Appends the failure and counts recent ones in one transaction; null while D1 is unavailable. */
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
      logError('history is unavailable', { failureId: report.id, error });
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
    const recovery = await registryOf(report.componentType).beginRecovery(report.componentId, cause);
    if (!recovery.ok) return null;
    const { order, started } = recovery.value;
    // A repeat of the failure that began the recovery starts the workflow if the first call died before doing so.
    if (started || order.failureId === report.id) await this.start(order);
    return order.recoveryId;
  }

  /** Starts the workflow of an order; false if it already exists. */
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
      // `get` throws for an unknown instance.
      return false;
    }
  }

  /** Ends a recovery whose workflow ended without a report to the registry. Without a recorded end, it has failed. */
  private async closeLost(order: RecoveryOrder): Promise<void> {
    const recorded = await findRecovery(this.env.HISTORY, order.recoveryId);
    const died = !recorded || recorded.status === 'running';
    const ending = recorded && recorded.status !== 'running' ? recorded.status : 'failed';
    const registry = registryOf(order.componentType);
    const outcome = await registry.endRecovery(order.componentId, order.recoveryId, ending);
    if (died)
      await recordRecoveryEnd(this.env, { order, actions: (recorded?.actions ?? []).map(markInterrupted), outcome });
  }
}

/** Closes an action that was running when the workflow died: its result is unknown. */
function markInterrupted(action: RecordedAction): RecordedAction {
  const verification = action.verification === 'running' ? 'unproven' : action.verification;
  return action.status === 'running'
    ? { ...action, verification, status: 'failed', detail: 'the recovery ended before a response arrived' }
    : { ...action, verification };
}

const hasEnded = (status: string): boolean => ['complete', 'errored', 'terminated'].includes(status);
