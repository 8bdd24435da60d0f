import { useEffect, useMemo } from 'preact/hooks';
import type { DashboardData } from './data/dashboard-data.ts';
import { useDashboardData } from './data/use-dashboard-data.ts';
import { NowContext } from './parts/now-context.ts';
import { useNow } from './parts/use-now.ts';
import { ComponentTable } from './sections/component-table.tsx';
import { ConnectionNotice } from './sections/connection-notice.tsx';
import { EventList } from './sections/event-list.tsx';
import { IncidentList } from './sections/incident-list.tsx';
import { IssueList } from './sections/issue-list.tsx';
import { PageHeader } from './sections/page-header.tsx';
import { RecoveryList } from './sections/recovery-list.tsx';
import { TypeTiles } from './sections/type-tiles.tsx';
import { SessionContext } from './session/session-context.ts';
import type { OpenSession } from './session/use-session.ts';

/** Scopes whose holder may run operator actions. */
const OPERATING_SCOPES = ['operator', 'admin'];

interface OverviewProps {
  readonly session: OpenSession;
  readonly onSignOut: (message?: string) => void;
}

/** The whole system on one page. */
export function Overview({ session, onSignOut }: OverviewProps) {
  const state = useDashboardData(session.client, onSignOut);
  const now = useNow();
  const status = state.data?.health.status;
  useEffect(() => {
    document.title = status ? `${status} · Arbiter Coordinator` : 'Arbiter Coordinator';
  }, [status]);

  const access = useMemo(
    () => ({
      client: session.client,
      mayOperate: session.resource.scopes.some((scope) => OPERATING_SCOPES.includes(scope)),
    }),
    [session],
  );
  return (
    <NowContext.Provider value={Math.max(now, state.updatedAt ?? 0)}>
      <div class="mx-auto grid max-w-7xl gap-4 p-3 sm:p-6">
        <PageHeader state={state} session={session.resource} onSignOut={() => onSignOut()} />
        <ConnectionNotice state={state} />
        <SessionContext.Provider value={access}>
          {state.data ? <Sections data={state.data} /> : null}
        </SessionContext.Provider>
      </div>
    </NowContext.Provider>
  );
}

function Sections({ data }: { readonly data: DashboardData }) {
  const { health, missing } = data;
  return (
    <main class="grid gap-4">
      <IssueList issues={health.issues} />
      <TypeTiles byType={health.byType} />
      <div class="grid items-start gap-4 lg:grid-cols-2">
        <RecoveryList recoveries={data.recoveries} missing={missing.includes('recoveries')} />
        <IncidentList incidents={data.incidents} missing={missing.includes('incidents')} />
      </div>
      <ComponentTable
        components={data.components}
        total={Math.max(health.components.total, data.components.length)}
        missing={missing.includes('components')}
      />
      <EventList events={data.events} missing={missing.includes('events')} />
    </main>
  );
}
