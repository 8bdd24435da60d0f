import type { DashboardState } from '../data/use-dashboard-data.ts';
import { formatClockTime } from '../format/clock-time.ts';

/** A notice that the shown data is old. Always rendered, so that screen readers announce its change. */
export function ConnectionNotice({ state }: { readonly state: DashboardState }) {
  return (
    <div role="status" data-testid="connection">
      {state.errorMessage === null ? null : (
        <div class="alert alert-warning">
          <p>
            <strong class="font-semibold">Connection lost.</strong> {state.errorMessage}{' '}
            {state.updatedAt === null ? '' : `The page shows data from ${formatClockTime(state.updatedAt)}. `}
            Retrying every few seconds.
          </p>
        </div>
      )}
    </div>
  );
}
