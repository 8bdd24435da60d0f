/**
 * Evaluates the failures in the registries' outboxes: classify, compare with the threshold, start a recovery, append
 * to D1. A call costs D1 one statement, whatever the number of failures. Stateless and idempotent: failures and
 * workflows are keyed by id, and a recovery begins by compare-and-set in the registry.
 *
 * Invariant: no recovery waits for D1. The registry's own count decides. A report that D1 did not take in time stays in
 * the outbox and is written later, once.
 */
import { WorkerEntrypoint } from 'cloudflare:workers';
import type { FailureType } from '../core/failure/classify.ts';
import { classifyFailure } from '../core/failure/classify.ts';
import type { FailureReport } from '../core/failure/failure.ts';
import type {
  FailureBatchItem,
  FailureEvaluation,
  FailureIntake,
  RecoveryOrder,
  RecoverySignal,
} from '../core/failure/failure-manager-api.ts';
import { mapConcurrently } from '../core/map-concurrently.ts';
import { recoveryWork } from '../core/failure/recovery-work.ts';
import { reachesThreshold } from '../core/failure/threshold.ts';
import type { NewFailure } from '../history/failure-history.ts';
import { appendFailures } from '../history/failure-history.ts';
import { withinDeadline } from '../history/history-deadline.ts';
import type { RecordedAction } from '../history/recovery-history.ts';
import { findRecovery } from '../history/recovery-history.ts';
import { reportHistoryHealth } from '../edge/report-history-health.ts';
import { registryOf } from '../registry/contract/registry-api.ts';
import { recordRecoveryEnd } from './record-recovery-end.ts';
import { logError } from '../logging/log-error.ts';

/** Recoveries that one call begins at once: the platform lets six calls of an invocation wait for a response. */
const MAX_CONCURRENT = 6;

type ClassifiedFailure = FailureBatchItem & NewFailure;

export class FailureManager extends WorkerEntrypoint<Env> implements FailureIntake {
  async evaluate(items: readonly FailureBatchItem[]): Promise<FailureEvaluation[]> {
    const classified = items.map((item) => ({ ...item, failureType: typeOf(item.report) }));
    const recording = this.record(classified.filter(({ isRecordedLater }) => !isRecordedLater));
    const byComponent = Map.groupBy(classified, ({ report }) => report.componentId);
    const evaluations = await mapConcurrently(MAX_CONCURRENT, Array.from(byComponent.values()), (failures) =>
      this.evaluateInOrder(failures),
    );
    const recorded = await recording;
    return evaluations.flat().map((evaluation) => ({ ...evaluation, recorded }));
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
  private async evaluateInOrder(
    failures: readonly ClassifiedFailure[],
  ): Promise<Omit<FailureEvaluation, 'recorded'>[]> {
    const evaluations: Omit<FailureEvaluation, 'recorded'>[] = [];
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

  private async evaluateOne({
    report,
    failureType,
    recentFailures,
    unconfirmedReports,
    failureThreshold,
  }: ClassifiedFailure): Promise<Omit<FailureEvaluation, 'recorded'>> {
    const reached = reachesThreshold(report, recentFailures, failureThreshold);
    return {
      failureId: report.id,
      failureType,
      recentFailures,
      unconfirmedReports,
      threshold: failureThreshold,
      recoveryId: reached ? await this.recover(report, failureType) : null,
    };
  }

  /** Appends the failures in one statement. Returns false if D1 is unavailable or slow. */
  private async record(failures: readonly NewFailure[]): Promise<boolean> {
    if (failures.length === 0) return true;
    try {
      await withinDeadline(appendFailures(this.env.HISTORY, failures));
      this.ctx.waitUntil(reportHistoryHealth(true));
      return true;
    } catch (error) {
      logError('history is unavailable', { failures: failures.length, error });
      this.ctx.waitUntil(reportHistoryHealth(false));
      return false;
    }
  }

  private async recover(
    report: FailureBatchItem['report'],
    failureType: FailureEvaluation['failureType'],
  ): Promise<string | null> {
    const reason = report.code ? `${report.code}: ${report.message}` : report.message;
    const { occurredAt, source } = report;
    const cause = { occurredAt, failureId: report.id, failureType, source, reason };
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
    const actions = (recorded?.actions ?? []).map(markInterrupted);
    const outcome = await registry.endRecovery(order.componentId, order.recoveryId, ending, recoveryWork(actions));
    if (died) await recordRecoveryEnd(this.env, { order, actions, plan: recorded?.plan, outcome });
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

const typeOf = ({ code, message }: FailureReport): FailureType => classifyFailure({ code: code ?? undefined, message });
