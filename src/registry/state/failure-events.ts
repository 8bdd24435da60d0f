/**
 * The events of recorded failures, each with the count that is compared with the threshold. Every failure passes here
 * on its way to the outbox, whatever its source.
 */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import type { EventDraft } from '../../core/event/coordinator-event.ts';
import { classifyFailure } from '../../core/failure/classify.ts';
import type { FailureReport } from '../../core/failure/failure.ts';
import { countFailures } from '../../core/failure/failure-count.ts';
import type { ThresholdPolicy } from '../../core/failure/threshold.ts';
import type { OutboxDraft } from '../storage/registry-store.ts';

interface FailingComponents {
  readonly members: ReadonlyMap<string, { readonly record: ComponentRecord }>;
  configFor(id: string): ThresholdPolicy;
}

/** The drafts with an event beside each failure. `changed` are records of the same commit, which count the failures. */
export function withFailureEvents(
  outbox: readonly OutboxDraft[],
  changed: readonly ComponentRecord[],
  components: FailingComponents,
): readonly OutboxDraft[] {
  const failures = outbox.filter(({ kind }) => kind === 'failure');
  if (failures.length === 0) return outbox;
  const records = new Map(changed.map((record) => [record.registration.id, record]));
  const events = failures.map(({ componentId, payload }) => {
    const record = records.get(componentId) ?? components.members.get(componentId)?.record;
    return failureRecordedDraft(payload as FailureReport, record, components.configFor(componentId));
  });
  return [...outbox, ...events];
}

/** `record` is undefined once the component is removed. */
function failureRecordedDraft(
  report: FailureReport,
  record: ComponentRecord | undefined,
  policy: ThresholdPolicy,
): OutboxDraft {
  const { id, componentId, componentType, source, code, message, drillId = null, occurrences = 1 } = report;
  const time = report.lastOccurredAt ?? report.occurredAt;
  const none = { recentFailures: 0, unconfirmedReports: 0 };
  const { recentFailures, unconfirmedReports } = record ? countFailures(record, policy, time) : none;
  const payload: EventDraft = {
    key: `${id}:recorded`,
    type: 'failure.recorded',
    subject: componentId,
    time,
    data: {
      componentType,
      failureId: id,
      failureType: classifyFailure({ code: code ?? undefined, message }),
      source,
      code,
      message,
      occurrences,
      recentFailures,
      unconfirmedReports,
      threshold: policy.failureThreshold,
      drillId,
    },
  };
  return { kind: 'event', key: payload.key, componentId, payload };
}
