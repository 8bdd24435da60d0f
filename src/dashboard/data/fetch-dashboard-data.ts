import type { CoordinatorClient } from '../../client/coordinator-client.ts';
import { fetchComponents } from './fetch-components.ts';
import { fetchIncidents } from './fetch-incidents.ts';
import type { DashboardData, DashboardPart } from './dashboard-data.ts';

/**
 * One round of calls for the whole page. Throws only when the system's health cannot be fetched. Other parts that fail
 * keep their values from `previous`, the last round: the history database may be unavailable while routing works.
 */
export async function fetchDashboardData(
  client: CoordinatorClient,
  previous: DashboardData | null,
): Promise<DashboardData> {
  const [health, components, recoveries, incidents, events] = await Promise.allSettled([
    client.systemHealth(),
    fetchComponents(client),
    client.recoveries({ status: 'running', limit: 100 }).then((page) => page.items),
    fetchIncidents(client),
    client.events({ limit: 15 }).then((page) => page.items.toReversed()),
  ]);
  if (health.status === 'rejected') throw health.reason;

  const missing: DashboardPart[] = [];
  const settle = <T>(
    part: DashboardPart,
    result: PromiseSettledResult<readonly T[]>,
    previousItems: readonly T[] | undefined,
  ) => {
    if (result.status === 'fulfilled') return result.value;
    missing.push(part);
    return previousItems ?? [];
  };
  return {
    health: health.value,
    components: settle('components', components, previous?.components),
    recoveries: settle('recoveries', recoveries, previous?.recoveries),
    incidents: settle('incidents', incidents, previous?.incidents),
    events: settle('events', events, previous?.events),
    missing,
  };
}
