/**
 * Failures that callers report. Each report is stored with its outbox row before anything else happens, and then
 * evaluated at once if the failure manager is available.
 */
import { withReport } from '../../core/component/component-record.ts';
import { classifyFailure } from '../../core/failure/classify.ts';
import type { FailureReport } from '../../core/failure/failure.ts';
import { countFailures } from '../../core/failure/failure-count.ts';
import type { FailureBatchItem, FailureEvaluation, FailureIntake } from '../../core/failure/failure-manager-api.ts';
import type { FailureDetail } from '../../core/health/health-state.ts';
import { observeHealth } from '../../core/health/observe-health.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Failure } from '../../core/result.ts';
import { failureDraft } from '../state/component-events.ts';
import type { Member } from '../state/member.ts';
import type { Change, RegistryState } from '../state/registry-state.ts';
import { chargeReport } from '../limits/on-demand-limits.ts';
import { FailureSums } from './failure-sums.ts';
import { logError } from '../../logging/log-error.ts';

export interface ReportedFailure {
  readonly change: Pick<Change, 'records' | 'outbox' | 'failureSums'>;
  readonly report: FailureReport;
  /** The history receives the report later, as part of a sum. */
  readonly isSummed: boolean;
}

export interface NewReport {
  readonly error: FailureDetail;
  readonly context: JsonObject | null;
  /** Id of the caller's key; null if unknown. */
  readonly by: string | null;
}

export class FailureReports {
  private readonly state: RegistryState;
  private readonly intake: FailureIntake;
  /** Reports beyond the budget of rows. */
  private readonly sums: FailureSums;

  constructor(state: RegistryState, intake: FailureIntake) {
    this.state = state;
    this.sums = new FailureSums(state);
    this.intake = intake;
  }

  /** Epoch ms at which a sum of reports may be handed to the outbox; Infinity for never. */
  get dueAt(): number {
    return this.sums.dueAt;
  }

  /** Hands the sums of reports that are due to the outbox. Returns true if there were any. */
  closeSums(now: number): boolean {
    return this.sums.close(now);
  }

  /** Charges a report to the component's quota. Returns null when it is allowed. */
  refuse(member: Member, now: number): Failure<'too-many-reports'> | null {
    return chargeReport(member, now) ?? this.sums.refuse(now);
  }

  /** Stores a caller's report and makes the component suspect. */
  store(member: Member, report: NewReport, now: number): ReportedFailure {
    const drafted = this.draft(member, report, now);
    this.state.commit({ ...drafted.change, visible: false }, now);
    return drafted;
  }

  /** Returns the changes that a report makes, for the caller to commit together with its own. */
  draft(member: Member, { error, context, by }: NewReport, now: number): ReportedFailure {
    const config = this.state.configFor(member.record.registration.id);
    const step = observeHealth(member.record.health, { kind: 'reported', error }, config, now);
    const record = withReport({ ...member.record, health: step.next }, { at: now, by });
    const failed = { kind: 'failed', source: 'report', error } as const;
    const draft = failureDraft(record, failed, context, this.state.draftContext(record, now));
    const sum = this.sums.add(member, draft.payload, by);
    return sum
      ? { change: { records: [record], failureSums: [sum] }, report: { ...draft.payload, id: sum.id }, isSummed: true }
      : { change: { records: [record], outbox: [draft] }, report: draft.payload, isSummed: false };
  }

  /**
   * Evaluates a stored report. While the failure manager is unavailable, returns what the registry itself knows, with
   * `recorded` false.
   */
  async evaluate({ report, isSummed }: ReportedFailure): Promise<FailureEvaluation> {
    try {
      const item = { ...this.batchItem(report), isRecordedLater: isSummed };
      const [evaluation] = await this.intake.evaluate([item]);
      if (evaluation) return evaluation;
    } catch (error) {
      // The report stays in the outbox, so the caller need not repeat it.
      logError('failure report not evaluated', { failureId: report.id, error });
    }
    const { recentFailures, unconfirmedReports, failureThreshold } = this.batchItem(report);
    return {
      failureId: report.id,
      failureType: classifyFailure({ code: report.code ?? undefined, message: report.message }),
      recentFailures,
      unconfirmedReports,
      threshold: failureThreshold,
      recoveryId: this.state.members.get(report.componentId)?.record.recovery.active?.order.recoveryId ?? null,
      recorded: false,
    };
  }

  batchItem(report: FailureReport): FailureBatchItem {
    const record = this.state.members.get(report.componentId)?.record;
    const policy = this.state.configFor(report.componentId);
    const count = record
      ? countFailures(record, policy, report.occurredAt)
      : { recentFailures: 1, unconfirmedReports: 0 };
    return { report, ...count, failureThreshold: policy.failureThreshold };
  }
}
