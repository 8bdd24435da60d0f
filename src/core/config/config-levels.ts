/**
 * Resolves the three levels of configuration, where a component overrides its type and a type overrides the global
 * document. Returns the effective settings and values, the level that set each of them, and their common revision.
 */
import type { Json, JsonObject } from '../json.ts';
import { mergePatch } from '../merge-patch.ts';
import type { ComponentConfig } from './component-config.ts';
import type { ConfigDocuments, Revised } from './config-documents.ts';
import type { GlobalConfig, SettingName, TypeConfig } from './settings.ts';
import type { SystemConfig } from './system-config.ts';
import { DEFAULT_SETTINGS, configOf, settingsIn } from './system-config.ts';

export interface ConfigLevels {
  readonly global: Revised<GlobalConfig>;
  /** Null to resolve the global document alone. */
  readonly type: Revised<TypeConfig> | null;
  readonly component: Revised<ComponentConfig> | null;
}

export type ConfigSource = 'default' | 'global' | 'type' | 'component';

const LEVELS = ['component', 'type', 'global'] as const;
const UNSET = { revision: 0, document: {} };

export const levelsOf = (
  { global, types }: Pick<ConfigDocuments, 'global' | 'types'>,
  type: string | null,
  component: Revised<ComponentConfig> | null = null,
): ConfigLevels => ({ global, type: type === null ? null : (types.get(type) ?? UNSET), component });

/** The highest revision of the levels: it rises with a change of any of them. */
export const revisionAt = ({ global, type, component }: ConfigLevels): number =>
  Math.max(global.revision, type?.revision ?? 0, component?.revision ?? 0);

export const configAt = ({ global, type, component }: ConfigLevels): SystemConfig =>
  configOf({
    ...settingsIn(global.document),
    ...settingsIn(type?.document ?? {}),
    ...settingsIn(component?.document ?? {}),
  });

export const valuesAt = ({ global, type, component }: ConfigLevels): JsonObject =>
  [global, type, component].reduce<JsonObject>(
    (merged, level) => mergePatch(merged, level?.document.values ?? {}) as JsonObject,
    {},
  );

const settingIn = (document: GlobalConfig = {}, name: SettingName): unknown => document[name];

/** The level that set each effective setting. */
export function settingSourcesAt(levels: ConfigLevels): Record<SettingName, ConfigSource> {
  const sourceOf = (name: SettingName): ConfigSource =>
    LEVELS.find((level) => settingIn(levels[level]?.document, name) !== undefined) ?? 'default';
  const names = Object.keys(DEFAULT_SETTINGS) as SettingName[];
  return Object.fromEntries(names.map((name) => [name, sourceOf(name)])) as Record<SettingName, ConfigSource>;
}

/** The level that set each effective value, by JSON pointer. A list counts as one value. */
export function valueSourcesAt(levels: ConfigLevels, values: JsonObject): Record<string, ConfigSource> {
  const sources = new Map<string, ConfigSource>();
  const visit = (value: Json, path: readonly string[]): void => {
    const members = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
    for (const [name, inner] of members) visit(inner, [...path, name]);
    if (members.length > 0 || path.length === 0) return;
    const source = LEVELS.find((level) => has(levels[level]?.document.values, path));
    sources.set(path.map((name) => `/${escaped(name)}`).join(''), source ?? 'default');
  };
  visit(values, []);
  return Object.fromEntries(sources);
}

function has(values: Json | undefined, path: readonly string[]): boolean {
  let found = values;
  for (const name of path) {
    if (typeof found !== 'object' || found === null || Array.isArray(found) || !Object.hasOwn(found, name))
      return false;
    found = found[name];
  }
  return found !== undefined && found !== null;
}

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
