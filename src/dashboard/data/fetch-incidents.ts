import type { IncidentResource } from '../../api/schemas/failure.ts';
import type { CoordinatorClient } from '../../client/coordinator-client.ts';

/** Incidents nobody has resolved, newest first: open ones and those somebody has acknowledged. */
export async function fetchIncidents(client: CoordinatorClient): Promise<readonly IncidentResource[]> {
  const [open, acknowledged] = await Promise.all([
    client.incidents({ status: 'open', limit: 50 }),
    client.incidents({ status: 'acknowledged', limit: 50 }),
  ]);
  return [...open.items, ...acknowledged.items].toSorted((a, b) => b.openedAt.localeCompare(a.openedAt));
}
