import type { RecoveryResource } from '../../api/schemas/failure.ts';
import { Panel } from '../parts/panel.tsx';
import { RecoveryItem } from './recovery-item.tsx';

interface RecoveryListProps {
  readonly recoveries: readonly RecoveryResource[];
  readonly missing: boolean;
}

/** The running recoveries. */
export function RecoveryList({ recoveries, missing }: RecoveryListProps) {
  return (
    <Panel title="Running recoveries" count={recoveries.length} empty="No running recoveries." missing={missing}>
      <ul class="divide-base-300 divide-y px-4 pb-2">
        {recoveries.map((recovery) => (
          <RecoveryItem key={recovery.id} recovery={recovery} />
        ))}
      </ul>
    </Panel>
  );
}
