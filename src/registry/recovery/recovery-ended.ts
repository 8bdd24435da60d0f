/** The event of an ended recovery: its outcome, duration and work. */
import type { ComponentRecord, RecoveryOutcome } from '../../core/component/component-record.ts';
import type { RecoveryOrder } from '../../core/failure/failure-manager-api.ts';
import type { RecoveryWork } from '../../core/failure/recovery-work.ts';
import type { DraftContext } from '../state/component-events.ts';
import { componentEventDraft } from '../state/component-events.ts';
import type { OutboxDraft } from '../storage/registry-store.ts';

const EVENT_OF_OUTCOME = {
  successful: 'recovery.succeeded',
  'not-needed': 'recovery.succeeded',
  cancelled: 'recovery.cancelled',
  failed: 'recovery.failed',
  timeout: 'recovery.failed',
  suppressed: 'recovery.cancelled',
} as const;

export function recoveryEndedDraft(
  record: ComponentRecord,
  { recoveryId, startedAt }: RecoveryOrder,
  outcome: RecoveryOutcome,
  work: RecoveryWork,
  context: DraftContext,
): OutboxDraft {
  const type = EVENT_OF_OUTCOME[outcome];
  const error = type === 'recovery.failed' ? work.error : null;
  const data = { recoveryId, outcome, durationMs: context.now - startedAt, actions: work.actions, error };
  return componentEventDraft(type, record, data, context);
}
