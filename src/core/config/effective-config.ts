/**
 * The configuration as it is in force: for each type the defaults, what was set for all types over them, and
 * what was set for the type over that. What a change leaves as it was stays the same object, so that nobody
 * works anew on account of it.
 */
import type { BalancingSettings } from '../balancing/balancing-settings.ts';
import { requestTypesOf, typeNames } from './component-types.ts';
import type { ConfigDocuments } from './config-documents.ts';
import type { GlobalConfig, Settings } from './settings.ts';
import type { SystemConfig } from './system-config.ts';
import { balancingOf, configOf, settingsIn } from './system-config.ts';

/** What was set for a type, as its registry is told of it: defaults are everybody's own. */
export interface TypeOverrides {
  /** Of the last change of what is set for this type or for all. */
  readonly revision: number;
  readonly overrides: GlobalConfig;
}

export interface EffectiveType extends TypeOverrides {
  readonly name: string;
  readonly config: SystemConfig;
  readonly balancing: BalancingSettings;
  readonly requestTypes: readonly string[];
}

export interface EffectiveConfig {
  readonly revision: number;
  /** As it is for a type of which nothing is set. */
  readonly global: SystemConfig;
  /** In the order in which they are listed. */
  readonly types: ReadonlyMap<string, EffectiveType>;
  /** The type that serves a request type. */
  readonly typeOfRequest: ReadonlyMap<string, string>;
}

export function resolveConfig(documents: ConfigDocuments, before: EffectiveConfig | null = null): EffectiveConfig {
  const types = new Map(
    typeNames(documents).map((name) => [name, resolveType(documents, name, before?.types.get(name))]),
  );
  const served = Array.from(types.values(), ({ name, requestTypes }) =>
    requestTypes.map((requestType) => [requestType, name] as const),
  );
  return {
    revision: documents.revision,
    global: configOf(settingsIn(documents.global.document)),
    types,
    typeOfRequest: new Map(served.flat()),
  };
}

function resolveType(documents: ConfigDocuments, name: string, before: EffectiveType | undefined): EffectiveType {
  const { global } = documents;
  const own = documents.types.get(name);
  const revision = Math.max(global.revision, own?.revision ?? 0);
  if (before?.revision === revision) return before;
  const overrides = { ...settingsIn(global.document), ...settingsIn(own?.document ?? {}) };
  const config = configOf(overrides);
  return {
    name,
    revision,
    overrides,
    config,
    balancing: balancingOf(config, before?.balancing),
    requestTypes: requestTypesOf(documents, name),
  };
}

export const isComponentType = ({ types }: EffectiveConfig, type: string): boolean => types.has(type);

/** The settings in force, without what cannot be set. */
export function settingsOf(config: SystemConfig): Settings {
  const { probeBudgetPerSecond: _, ...settings } = config;
  return settings;
}
