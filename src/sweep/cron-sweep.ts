/**
 * The sweep that cron runs every minute. Repairs work that a lost alarm, a killed isolate or a lost message left
 * undone. Each part is independent, so a failed part does not block the others.
 */
import { flushAudit } from '../audit/flush-audit.ts';
import type { TypeOverrides } from '../core/config/effective-config.ts';
import { refreshedConfig } from '../edge/config-cache.ts';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import { sendHistoryHealth } from '../edge/report-history-health.ts';
import { closeAbandoned } from '../history/recovery-history.ts';
import { applyRetention } from '../history/retention.ts';
import { flushTimeline } from '../recovery/flush-timeline.ts';
import { registryOf } from '../registry/contract/registry-api.ts';
import { resolveRecovered } from './resolve-recovered.ts';
import { logError } from '../logging/log-error.ts';

export async function cronSweep(env: Env, now: number): Promise<void> {
  // While the coordinator is unavailable, the cached configuration lists the types.
  const { global, types } = await refreshedConfig((refreshing) => void refreshing);
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
    history: reportHistoryWrites([retention, timelines]),
  };
  const registered = registeredTypes();
  for (const { name, revision, overrides } of types.values())
    parts[`registry ${name}`] = sweepRegistry(name, { revision, overrides }, registered);
  const names = Object.keys(parts);
  const results = await Promise.allSettled(Object.values(parts));
  results.forEach((result, at) => {
    if (result.status === 'rejected') {
      logError('sweep failed', { part: names[at], error: String(result.reason) });
    }
  });
}

/** Types that have or had a component; by the last sweep of this isolate while the coordinator is unavailable. */
async function registeredTypes(): Promise<ReadonlySet<string>> {
  try {
    lastRegistered = new Set(await coordinator().registeredTypes());
  } catch (error) {
    logError('registered types not read', { error });
  }
  return lastRegistered;
}

let lastRegistered: ReadonlySet<string> = new Set();

/**
 * Sweeps the registry of a type that has or had a component. An object stays where its first call created it, so the
 * sweep must not be the first: cron runs anywhere.
 */
async function sweepRegistry(
  type: string,
  config: TypeOverrides,
  registered: Promise<ReadonlySet<string>>,
): Promise<void> {
  if ((await registered).has(type)) await registryOf(type).sweep(config);
}

/** Reports the health of the history database from writes that run in every sweep. */
async function reportHistoryWrites(writes: readonly Promise<unknown>[]): Promise<void> {
  const written = await Promise.allSettled(writes);
  await sendHistoryHealth(written.every(({ status }) => status === 'fulfilled'));
}

/** Settles registrations whose confirmation never arrived: the registries say whether they exist. */
async function settleDirectory(now: number): Promise<void> {
  const directory = coordinator();
  const settling = (await directory.overdueClaims(now)).map(async ({ id, type, sequence }) =>
    directory.settle(id, sequence, await registryOf(type).claimOf(id)),
  );
  const failed = (await Promise.allSettled(settling)).filter((result) => result.status === 'rejected');
  if (failed.length > 0) throw new Error(`${failed.length} claims not settled: ${String(failed[0]?.reason)}`);
}
