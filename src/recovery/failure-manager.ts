/**
 * Evaluates the failures in the registries' outboxes: classify, append to D1, compare with the threshold, start a
 * recovery. A call costs D1 one transaction, whatever the number of failures. Stateless and idempotent: failures and
 * workflows are keyed by id, and a recovery begins by compare-and-set in the registry.
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
import { mapConcurrently } from '../core/map-concurrently.ts';
import { countingSince, reachesThreshold } from '../core/failure/threshold.ts';
import type { NewFailure } from '../history/failure-history.ts';
import { appendFailures } from '../history/failure-history.ts';
import type { RecordedAction } from '../history/recovery-history.ts';
import { findRecovery } from '../history/recovery-history.ts';
import { reportHistoryHealth } from '../edge/report-history-health.ts';
import { registryOf } from '../registry/contract/registry-api.ts';
import { recordRecoveryEnd } from './record-recovery-end.ts';
import { logError } from '../logging/log-error.ts';

/** Recoveries that one call begins at once: the platform lets six calls of an invocation wait for a response. */
const MAX_CONCURRENT = 6;

/** A failure with the number of recent failures in D1; null while D1 is unavailable. */
interface CountedFailure extends NewFailure {
  readonly item: FailureBatchItem;
  readonly recorded: number | null;
}

export class FailureManager extends WorkerEntrypoint<Env> implements FailureIntake {
  async evaluate(items: readonly FailureBatchItem[]): Promise<FailureEvaluation[]> {
    const byComponent = Map.groupBy(await this.record(items), ({ report }) => report.componentId);
    const evaluations = await mapConcurrently(MAX_CONCURRENT, Array.from(byComponent.values()), (failures) =>
      this.evaluateInOrder(failures),
    );
    return evaluations.flat();
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

  /** Evaluates the failures of one component, of which an earlier one may begin the recovery of a later one. */
  private async evaluateInOrder(failures: readonly CountedFailure[]): Promise<FailureEvaluation[]> {
    const evaluations: FailureEvaluation[] = [];
    for (const failure of failures) {
      try {
        evaluations.push(await this.evaluateOne(failure));
      } catch (error) {
        // Without an evaluation the row stays in the outbox. The failures of other components are still evaluated.
        logError('failure not evaluated', { failureId: failure.report.id, error });
      }
    }
    return evaluations;
  }

  private async evaluateOne(failure: CountedFailure): Promise<FailureEvaluation> {
    const { report, failureType, since, recorded, item } = failure;
    const { policy } = item;
    // D1 lacks failures from its outages, and the registry remembers only the latest ones.
    const recentFailures = Math.max(recorded ?? 0, item.recentFailures.filter((at) => at > since).length);
    const reached = reachesThreshold(report, recentFailures, policy);
    return {
      failureId: report.id,
      failureType,
      recentFailures,
      threshold: policy.failureThreshold,
      recoveryId: reached ? await this.recover(report, failureType) : null,
      recorded: recorded !== null,
    };
  }

  /** Appends the failures and counts recent ones, in one transaction of D1. */
  private async record(items: readonly FailureBatchItem[]): Promise<CountedFailure[]> {
    const failures = items.map((item) => {
      const { report, countSince, policy } = item;
      const failureType = classifyFailure({ code: report.code ?? undefined, message: report.message });
      return { item, report, failureType, since: countingSince(report.occurredAt, countSince, policy) };
    });
    const counts = await this.append(failures);
    return failures.map((failure, at) => ({ ...failure, recorded: counts?.[at] ?? null }));
  }

  /** The counts of recent failures in D1; null while D1 is unavailable. */
  private async append(failures: readonly NewFailure[]): Promise<number[] | null> {
    try {
      const counts = await appendFailures(this.env.HISTORY, failures);
      this.ctx.waitUntil(reportHistoryHealth(true));
      return counts;
    } catch (error) {
      logError('history is unavailable', { failures: failures.length, error });
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
