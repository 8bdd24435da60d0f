/**
 * Resolves incidents whose components have recovered by themselves or are no longer registered. The sweep compares the
 * current state of the coordinator, D1 and the registries, so a lost message cannot keep an incident open. A registry
 * that is unavailable delays the incidents of its type only.
 */
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import { resolutionTimes, unresolvedIncidents } from '../history/incident-history.ts';
import { resolveIncidents, reportResolved } from '../recovery/report-incident.ts';
import { registryOf } from '../registry/contract/registry-api.ts';
import { runParts } from '../logging/run-parts.ts';

interface IncidentSubject {
  readonly componentId: string;
  readonly componentType: string;
}

const PAGE = 500;
/** Limit per sweep. The next sweep resolves the rest. */
const MAX_RESOLVED = 200;
const FAILED = 'recovered incidents not resolved';
const RESOLUTION_REASONS = {
  stable: 'the component has been healthy for a while',
  gone: 'the component is no longer registered',
} as const;

export async function resolveRecovered(env: Env, now: number): Promise<void> {
  await runParts(FAILED, { reconciliation: () => reconcileResolved(env) });
  const open = await readAllPages((after) => unresolvedIncidents(env.HISTORY, after, PAGE));
  const byType = Map.groupBy(open, ({ componentType }) => componentType);
  let remaining = MAX_RESOLVED;
  const resolveType = async (type: string, incidents: readonly IncidentSubject[]): Promise<void> => {
    const ids = [...new Set(incidents.map(({ componentId }) => componentId))];
    const states = await registryOf(type).stabilityOf(ids, 'time');
    for (const [at, state] of states.entries()) {
      if (state === 'unstable' || remaining-- <= 0) continue;
      await resolveIncidents(env, ids[at]!, { at: now, why: RESOLUTION_REASONS[state] });
    }
  };
  await runParts(
    FAILED,
    Object.fromEntries([...byType].map(([type, incidents]) => [type, () => resolveType(type, incidents)])),
  );
}

/** Reports incidents that are resolved in D1 but open in the coordinator: the resolving isolate died in between. */
async function reconcileResolved(env: Env): Promise<void> {
  const open = await readAllPages((after) => coordinator().openIncidents(after, PAGE));
  const resolved = await resolutionTimes(
    env.HISTORY,
    open.map(({ incidentId }) => incidentId),
  );
  for (const { incidentId, componentId } of open) {
    const at = resolved.get(incidentId);
    if (at !== undefined) await reportResolved(componentId, [incidentId], at);
  }
}

async function readAllPages<T extends Pick<IncidentSubject, 'componentId'>>(
  read: (after: string) => Promise<T[]>,
): Promise<T[]> {
  const all: T[] = [];
  for (;;) {
    const page = await read(all.at(-1)?.componentId ?? '');
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}
