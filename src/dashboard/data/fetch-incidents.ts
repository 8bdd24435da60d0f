import type { IncidentResource } from '../../api/schemas/failure.ts';
import type { CoordinatorClient } from '../../client/coordinator-client.ts';

/** Unresolved incidents, open or acknowledged, newest first; at most 50 of each. */
export async function fetchIncidents(client: CoordinatorClient): Promise<readonly IncidentResource[]> {
  const [open, acknowledged] = await Promise.all([
    client.incidents({ status: 'open', limit: 50 }),
    client.incidents({ status: 'acknowledged', limit: 50 }),
  ]);
  return [...open.items, ...acknowledged.items].toSorted((a, b) => b.openedAt.localeCompare(a.openedAt));
}
