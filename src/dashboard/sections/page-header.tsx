import { useContext } from 'preact/hooks';
import type { SessionResource } from '../../api/schemas/session.ts';
import type { DashboardState } from '../data/use-dashboard-data.ts';
import { formatDuration } from '../format/duration.ts';
import { NowContext } from '../parts/now-context.ts';
import { StatusBadge } from '../parts/status-badge.tsx';

interface PageHeaderProps {
  readonly state: DashboardState;
  readonly session: SessionResource;
  readonly onSignOut: () => void;
}

/** The system's status, the age of the shown data, and the key of the session. */
export function PageHeader({ state, session, onSignOut }: PageHeaderProps) {
  const status = state.data?.health.status ?? 'unknown';
  return (
    <header class="flex flex-wrap items-center gap-x-4 gap-y-2">
      <img src="/favicon.svg" alt="" width="32" height="32" />
      <h1 class="text-xl font-semibold">Arbiter Coordinator</h1>
      <p role="status" data-testid="overall-status" data-status={status}>
        <span class="sr-only">System status: </span>
        <StatusBadge status={status} large />
      </p>
      <div class="ml-auto flex items-center gap-3">
        <Freshness state={state} />
        <span
          class="text-base-content/70 max-w-48 truncate text-sm"
          data-testid="holder"
          title={`Key ${session.keyId}: ${session.scopes.join(', ')}`}
        >
          {session.keyName}
        </span>
        <button class="btn btn-sm" type="button" onClick={onSignOut}>
          Sign out
        </button>
      </div>
    </header>
  );
}

function Freshness({ state }: { readonly state: DashboardState }) {
  const now = useContext(NowContext);
  const age = state.updatedAt === null ? null : formatDuration(now - state.updatedAt);
  return (
    <span class="text-base-content/70 text-sm whitespace-nowrap" data-testid="updated">
      {age === null ? 'Loading…' : `Updated ${age} ago`}
    </span>
  );
}
