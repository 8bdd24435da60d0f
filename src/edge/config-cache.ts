/**
 * An isolate's cached configuration: types, request types and settings.
 *
 * A copy older than 1 s is refreshed in the background, a copy older than 2 s before it serves. A change thus takes
 * effect within 3 s. While the coordinator is unreachable the last copy serves; before the first copy, the defaults do.
 */
import type { ConfigDocuments } from '../core/config/config-documents.ts';
import { NO_DOCUMENTS } from '../core/config/config-documents.ts';
import type { EffectiveConfig } from '../core/config/effective-config.ts';
import { resolveConfig } from '../core/config/effective-config.ts';
import type { WaitUntil } from '../long-poll/single-flight.ts';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import type { RefreshAttempt } from './refreshing-cache.ts';
import { RefreshingCache } from './refreshing-cache.ts';
import { logError } from '../logging/log-error.ts';

const FRESH_MS = 2_000;
const BACKGROUND_REFRESH_MS = 1_000;
/** A copy of this age is recent enough to conclude that something is not configured. */
const JUST_NOW_MS = 250;
/** Time that a request waits for a refresh before the last copy serves. */
const WAIT_MS = 1_000;
const GIVE_UP_MS = 5_000;
/** Older than any revision: requests the documents in any case. */
const NO_REVISION = -1;

/** The configuration as of the start of the call that fetched it: every change before that time is in it. */
const cache = new RefreshingCache<EffectiveConfig>({
  initial: resolveConfig(NO_DOCUMENTS),
  backgroundAfterMs: BACKGROUND_REFRESH_MS,
  foregroundAfterMs: FRESH_MS,
  giveUpAfterMs: GIVE_UP_MS,
  refresh: fetchChanges,
  onError: (error) => logError('configuration not refreshed', { error }),
});

/** Returns the configuration when it can serve at once; otherwise null, see `freshConfig`. */
export const cachedConfig = (now: number, waitUntil: WaitUntil): EffectiveConfig | null => cache.read(now, waitUntil);

/** Begins a refresh when one is due, for a call that first waits for the keys. */
export const prepareConfig = (now: number, waitUntil: WaitUntil): void => cache.prepare(now, waitUntil);

/** Waits for a refresh. Returns the last copy when that fails or takes too long. */
export async function refreshedConfig(waitUntil: WaitUntil): Promise<EffectiveConfig> {
  await cache.waitForRefresh(Date.now(), waitUntil, WAIT_MS);
  return cache.value;
}

/** For callers about to report that something is not configured: it may have been configured a moment ago. */
export const latestConfig = async (waitUntil: WaitUntil): Promise<EffectiveConfig> =>
  cache.ageAt(Date.now()) < JUST_NOW_MS ? cache.value : refreshedConfig(waitUntil);

/** Returns a copy requested at `since` (epoch ms) or later; the last copy while the coordinator is unreachable. */
export async function configSince(since: number, waitUntil: WaitUntil): Promise<EffectiveConfig> {
  if (cache.asOf < since) await refreshedConfig(waitUntil);
  // The first wait may have joined a refresh that began before `since`.
  if (cache.asOf < since) await refreshedConfig(waitUntil);
  return cache.value;
}

/** Applies the documents that result from a change through this isolate. */
export function applyConfig(documents: ConfigDocuments): EffectiveConfig {
  if (documents.revision > cache.value.revision) cache.replace(resolveConfig(documents, cache.value));
  return cache.value;
}

async function fetchChanges({ startedAt, isCurrent, store }: RefreshAttempt<EffectiveConfig>): Promise<void> {
  const before = cache.value;
  const documents = await coordinator().syncConfig(cache.asOf === 0 ? NO_REVISION : before.revision);
  if (!isCurrent()) return;
  const { value } = cache;
  // The response may lack a change that was made through this isolate meanwhile.
  const isNewer = documents !== null && (value === before || documents.revision > value.revision);
  store(isNewer ? resolveConfig(documents, value) : value, startedAt);
}
