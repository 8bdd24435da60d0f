/** Outbox drafts for the events of drills. */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import type { Drill } from '../../core/drill/drill.ts';
import type { DraftContext } from '../state/component-events.ts';
import { componentEventDraft } from '../state/component-events.ts';
import type { OutboxDraft } from '../storage/registry-store.ts';

export const drillEndedDraft = (record: ComponentRecord, drill: Drill, context: DraftContext): OutboxDraft =>
  componentEventDraft(
    'drill.ended',
    record,
    { drillId: drill.id, outcome: drill.outcome, recoveryId: drill.recoveryId },
    {
      ...context,
      newId: () => `${drill.id}:ended`,
    },
  );
