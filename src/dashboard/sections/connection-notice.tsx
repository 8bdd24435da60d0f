import type { DashboardState } from '../data/use-dashboard-data.ts';
import { formatClockTime } from '../format/clock-time.ts';

/** Says when what is shown is old. Always in the page, so that its change is read out. */
export function ConnectionNotice({ state }: { readonly state: DashboardState }) {
  return (
    <div role="status" data-testid="connection">
      {state.trouble === null ? null : (
        <div class="alert alert-warning">
          <p>
            <strong class="font-semibold">Connection lost.</strong> {state.trouble}{' '}
            {state.updatedAt === null ? '' : `What you see is from ${formatClockTime(state.updatedAt)}. `}
            Trying again every few seconds.
          </p>
        </div>
      )}
    </div>
  );
}
