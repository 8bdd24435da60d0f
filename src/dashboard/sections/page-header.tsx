import { useContext } from 'preact/hooks';
import type { SessionResource } from '../../api/schemas/session.ts';
import type { DashboardState } from '../data/use-dashboard-data.ts';
import { formatDuration } from '../format/duration.ts';
import { NowContext } from '../parts/now-context.ts';
import { StatusBadge } from '../parts/status-badge.tsx';

interface PageHeaderProps {
  readonly state: DashboardState;
  /** Whose session it is. */
  readonly holder: SessionResource;
  readonly onSignOut: () => void;
}

/** What the page is about, how the whole is, and how old that knowledge is. */
export function PageHeader({ state, holder, onSignOut }: PageHeaderProps) {
  const status = state.fleet?.health.status ?? 'unknown';
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
          title={`Key ${holder.keyId}: ${holder.scopes.join(', ')}`}
        >
          {holder.keyName}
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
