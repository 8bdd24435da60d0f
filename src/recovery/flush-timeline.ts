/** Brings what the coordinator owes to timelines of incidents into D1: insert-or-ignore, settled afterwards. */
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import { appendEntry } from '../history/incident-timeline.ts';

const BATCH = 100;

export async function flushTimeline(env: Env): Promise<void> {
  for (;;) {
    const owed = await coordinator().timelineOwed(BATCH);
    if (owed.length === 0) return;
    await env.HISTORY.batch(owed.map((entry) => appendEntry(env.HISTORY, entry)));
    await coordinator().timelineSettled(owed.map(({ incidentId, key }) => ({ incidentId, key })));
    if (owed.length < BATCH) return;
  }
}
