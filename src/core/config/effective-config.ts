/**
 * The effective configuration of each type: defaults, overridden by the global document, overridden by the type's own.
 * Invariant: a type that a change does not affect keeps its object, so its readers have nothing to recompute.
 */
import type { BalancingSettings } from '../balancing/balancing-settings.ts';
import { requestTypesOf, typeNames } from './component-types.ts';
import type { ConfigDocuments } from './config-documents.ts';
import type { GlobalConfig, Settings } from './settings.ts';
import type { SystemConfig } from './system-config.ts';
import { balancingOf, configOf, settingsIn } from './system-config.ts';

/** The overrides of one type, as they are sent to its registry. Each reader fills in the defaults itself. */
export interface TypeOverrides {
  /** Revision of the last change to the type's document or to the global one. */
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
  /** Configuration of a type without a document of its own. */
  readonly global: SystemConfig;
  /** In the order of `typeNames`. */
  readonly types: ReadonlyMap<string, EffectiveType>;
  /** Component type by request type. */
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

/** The effective settings, without the fields that cannot be set. */
export function settingsOf(config: SystemConfig): Settings {
  const { probeBudgetPerSecond: _, ...settings } = config;
  return settings;
}
