/**
 * What cron does each minute: repairs what an alarm, a kill or a lost message left undone. Each part
 * stands alone, so that one that fails keeps nobody else waiting.
 */
import { flushAudit } from '../audit/flush-audit.ts';
import { freshConfig } from '../edge/config-cache.ts';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import { sendHistoryHealth } from '../edge/report-history-health.ts';
import { closeAbandoned } from '../history/recovery-history.ts';
import { applyRetention } from '../history/retention.ts';
import { flushTimeline } from '../recovery/flush-timeline.ts';
import { registryOf } from '../registry/contract/registry-api.ts';
import { resolveRecovered } from './resolve-recovered.ts';

export async function cronSweep(env: Env, now: number): Promise<void> {
  // With the coordinator away, the types that there were when it was asked last.
  const { global, types } = await freshConfig((refreshing) => void refreshing);
  const retention = applyRetention(env.HISTORY, global.retention, now);
  const timelines = flushTimeline(env);
  const parts: Record<string, Promise<unknown>> = {
    directory: settleDirectory(now),
    coordinator: coordinator().sweep(now),
    audit: flushAudit(env.HISTORY),
    recoveries: closeAbandoned(env.HISTORY, now),
    timelines,
    incidents: resolveRecovered(env, now),
    retention,
    history: tellHistoryBy([retention, timelines]),
  };
  for (const { name, revision, overrides } of types.values())
    parts[`registry ${name}`] = registryOf(name).sweep({ revision, overrides });
  const names = Object.keys(parts);
  const results = await Promise.allSettled(Object.values(parts));
  results.forEach((result, at) => {
    if (result.status === 'rejected') {
      console.error(JSON.stringify({ message: 'sweep failed', part: names[at], error: String(result.reason) }));
    }
  });
}

/** These write to the history each time: whether they can is what the system's health says of it. */
async function tellHistoryBy(writes: readonly Promise<unknown>[]): Promise<void> {
  const written = await Promise.allSettled(writes);
  await sendHistoryHealth(written.every(({ status }) => status === 'fulfilled'));
}

/** Asks the registries what became of registrations whose confirmation never came. */
async function settleDirectory(now: number): Promise<void> {
  const directory = coordinator();
  const settling = (await directory.unsettled(now)).map(async ({ id, type, sequence }) =>
    directory.settle(id, sequence, await registryOf(type).held(id)),
  );
  const failed = (await Promise.allSettled(settling)).filter((result) => result.status === 'rejected');
  if (failed.length > 0) throw new Error(`${failed.length} claims not settled: ${String(failed[0]?.reason)}`);
}
