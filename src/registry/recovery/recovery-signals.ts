/** Outbox drafts for the signals to the workflow of a running recovery. */
import type { ActiveRecovery, ComponentRecord } from '../../core/component/component-record.ts';
import type { RecoverySignal, SignalOutcome } from '../../core/failure/failure-manager-api.ts';
import type { OutboxDraft } from '../storage/registry-store.ts';

export function signalDraft(
  record: ComponentRecord,
  active: ActiveRecovery,
  position: number,
  outcome: SignalOutcome,
): OutboxDraft {
  const { recoveryId } = active.order;
  const payload: RecoverySignal = { recoveryId, position, outcome };
  return { kind: 'signal', key: `${recoveryId}:${position}:${outcome}`, componentId: record.registration.id, payload };
}
