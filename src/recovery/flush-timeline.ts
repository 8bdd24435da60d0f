/** Moves pending timeline entries from the coordinator's outbox to D1: idempotent inserts first, then the removal. */
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import { appendEntry } from '../history/incident-timeline.ts';

const BATCH = 100;

export async function flushTimeline(env: Env): Promise<void> {
  for (;;) {
    const pending = await coordinator().pendingTimelineEntries(BATCH);
    if (pending.length === 0) return;
    await env.HISTORY.batch(pending.map((entry) => appendEntry(env.HISTORY, entry)));
    await coordinator().settleTimelineEntries(pending.map(({ incidentId, key }) => ({ incidentId, key })));
    if (pending.length < BATCH) return;
  }
}
