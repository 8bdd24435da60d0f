/**
 * The configuration as the calls of this isolate see it. Whoever asks for it also hands it to the fleets that
 * routing decides from, so that both go by the same.
 */
import { cachedConfig, configSince, freshConfig, latestConfig, applyConfig } from '../../edge/config-cache.ts';
import type { ConfigDocuments } from '../../core/config/config-documents.ts';
import type { EffectiveConfig } from '../../core/config/effective-config.ts';
import { useTypes } from '../../edge/snapshot-cache.ts';
import type { Call } from '../http/call.ts';
import { waitUntilOf } from '../http/call.ts';

/** The copy when it can serve at once; null when it must be waited for. */
export function cachedCurrentConfig(c: Call): EffectiveConfig | null {
  const config = cachedConfig(Date.now(), waitUntilOf(c));
  return config && inUse(config);
}

export async function currentConfig(c: Call): Promise<EffectiveConfig> {
  const waitUntil = waitUntilOf(c);
  return inUse(cachedConfig(Date.now(), waitUntil) ?? (await freshConfig(waitUntil)));
}

/** The same, asked for anew when it does not know what a caller asks for: that may have been configured a moment ago. */
export async function currentConfigWithType(
  c: Call,
  isKnown: (config: EffectiveConfig) => boolean,
): Promise<EffectiveConfig> {
  const config = await currentConfig(c);
  return isKnown(config) ? config : inUse(await latestConfig(waitUntilOf(c)));
}

/** As it was at that time or later, as far as the coordinator can be reached. */
export const currentConfigSince = async (c: Call, since: number): Promise<EffectiveConfig> =>
  inUse(await configSince(since, waitUntilOf(c)));

/** After a change through this isolate. */
export const applyDocuments = (documents: ConfigDocuments): EffectiveConfig => inUse(applyConfig(documents));

function inUse(config: EffectiveConfig): EffectiveConfig {
  useTypes(config.types, Date.now());
  return config;
}
