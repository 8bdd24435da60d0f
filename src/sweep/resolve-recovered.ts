/**
 * Resolves incidents whose components are well again by themselves, or gone. Looks at how things are and not at what was
 * told, so nothing that got lost keeps an incident open: the coordinator and D1 are both asked what is, and made agree.
 */
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import { resolvedAmong, unresolvedIncidents } from '../history/incident-history.ts';
import { resolveIncidents, reportResolved } from '../recovery/incidents.ts';
import { registryOf } from '../registry/contract/registry-api.ts';

interface About {
  readonly componentId: string;
  readonly componentType: string;
}

const PAGE = 500;
/** Resolved in one sweep; the rest with the next. */
const MAX_RESOLVED = 200;
const WHY = { well: 'it has been healthy for a while', gone: 'it is not registered any more' } as const;

export async function resolveRecovered(env: Env, now: number): Promise<void> {
  await agree(env);
  const open = await pages((after) => unresolvedIncidents(env.HISTORY, after, PAGE));
  const byType = Map.groupBy(open, ({ componentType }) => componentType);
  let left = MAX_RESOLVED;
  for (const [type, incidents] of byType) {
    const ids = [...new Set(incidents.map(({ componentId }) => componentId))];
    const states = await registryOf(type).steadiness(ids, 'time');
    for (const [at, state] of states.entries()) {
      if (state === 'ailing' || left-- <= 0) continue;
      await resolveIncidents(env, ids[at]!, { at: now, why: WHY[state] });
    }
  }
}

/** What D1 has as resolved is open to the coordinator when the one who resolved it died before telling. */
async function agree(env: Env): Promise<void> {
  const open = await pages((after) => coordinator().openIncidents(after, PAGE));
  const resolved = await resolvedAmong(
    env.HISTORY,
    open.map(({ incidentId }) => incidentId),
  );
  for (const { incidentId, componentId } of open) {
    const at = resolved.get(incidentId);
    if (at !== undefined) await reportResolved(componentId, [incidentId], at);
  }
}

async function pages<T extends Pick<About, 'componentId'>>(read: (after: string) => Promise<T[]>): Promise<T[]> {
  const all: T[] = [];
  for (;;) {
    const page = await read(all.at(-1)?.componentId ?? '');
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}
