import type { RecoveryResource } from '../../api/schemas/failure.ts';
import { Panel } from '../parts/panel.tsx';
import { RecoveryItem } from './recovery-item.tsx';

interface RecoveryListProps {
  readonly recoveries: readonly RecoveryResource[];
  readonly missing: boolean;
}

/** What the coordinator is repairing right now. */
export function RecoveryList({ recoveries, missing }: RecoveryListProps) {
  return (
    <Panel title="Running recoveries" count={recoveries.length} empty="Nothing is being recovered." missing={missing}>
      <ul class="divide-base-300 divide-y px-4 pb-2">
        {recoveries.map((recovery) => (
          <RecoveryItem key={recovery.id} recovery={recovery} />
        ))}
      </ul>
    </Panel>
  );
}
