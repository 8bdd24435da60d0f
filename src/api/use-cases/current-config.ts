/**
 * Configuration for the calls of this isolate.
 *
 * Invariant: every read passes the types to the snapshot cache, so routing uses the configuration that the call saw.
 */
import { cachedConfig, configSince, refreshedConfig, latestConfig, applyConfig } from '../../edge/config-cache.ts';
import type { ConfigDocuments } from '../../core/config/config-documents.ts';
import type { EffectiveConfig } from '../../core/config/effective-config.ts';
import { applyTypeConfigs } from '../../edge/snapshot-cache.ts';
import type { Call } from '../http/call.ts';
import { waitUntilOf } from '../http/call.ts';

/** The cached configuration when it may serve without waiting, otherwise null. */
export function cachedCurrentConfig(c: Call): EffectiveConfig | null {
  const config = cachedConfig(Date.now(), waitUntilOf(c));
  return config && applyToRouting(config);
}

export async function currentConfig(c: Call): Promise<EffectiveConfig> {
  const waitUntil = waitUntilOf(c);
  return applyToRouting(cachedConfig(Date.now(), waitUntil) ?? (await refreshedConfig(waitUntil)));
}

/**
 * The configuration, fetched again when `isKnown` rejects the cached one: the caller's type may have been configured
 * a moment ago.
 */
export async function currentConfigWithType(
  c: Call,
  isKnown: (config: EffectiveConfig) => boolean,
): Promise<EffectiveConfig> {
  const config = await currentConfig(c);
  return isKnown(config) ? config : applyToRouting(await latestConfig(waitUntilOf(c)));
}

/** The configuration as of `since` (epoch ms) or later; an older copy while the coordinator is unreachable. */
export const currentConfigSince = async (c: Call, since: number): Promise<EffectiveConfig> =>
  applyToRouting(await configSince(since, waitUntilOf(c)));

/** Applies the documents of a change that was made through this isolate. */
export const applyDocuments = (documents: ConfigDocuments): EffectiveConfig => applyToRouting(applyConfig(documents));

function applyToRouting(config: EffectiveConfig): EffectiveConfig {
  applyTypeConfigs(config.types, Date.now());
  return config;
}
