/**
 * What comes of the documents of the three levels, all types ← type ← component: the settings and values in
 * force at a component, who set each of them, and the revision that moves with any of them.
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
  /** Null where only what is set for all types is asked for. */
  readonly type: Revised<TypeConfig> | null;
  readonly component: Revised<ComponentConfig> | null;
}

export type ConfigSource = 'default' | 'global' | 'type' | 'component';

const LEVELS = ['component', 'type', 'global'] as const;
const NEVER_PUT = { revision: 0, document: {} };

export const levelsOf = (
  { global, types }: Pick<ConfigDocuments, 'global' | 'types'>,
  type: string | null,
  component: Revised<ComponentConfig> | null = null,
): ConfigLevels => ({ global, type: type === null ? null : (types.get(type) ?? NEVER_PUT), component });

/** Moves with a change of any level. */
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

/** Who set each of the settings in force. */
export function settingSourcesAt(levels: ConfigLevels): Record<SettingName, ConfigSource> {
  const sourceOf = (name: SettingName): ConfigSource =>
    LEVELS.find((level) => settingIn(levels[level]?.document, name) !== undefined) ?? 'default';
  const names = Object.keys(DEFAULT_SETTINGS) as SettingName[];
  return Object.fromEntries(names.map((name) => [name, sourceOf(name)])) as Record<SettingName, ConfigSource>;
}

/** Who set each of the values in force, by JSON pointer: of a list as a whole. */
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
