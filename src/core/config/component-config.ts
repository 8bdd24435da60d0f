/**
 * What can be set for one component: settings that its registry judges for each component by itself, and `values`.
 * What edges decide by, and what concerns a type as a whole, is set for types only.
 */
import type { Revised } from './config-documents.ts';
import type { GlobalConfig, SettingName, TypeConfig } from './settings.ts';
import { documentOf, settings } from './settings.ts';
import { ValuesSchema } from './values.ts';

export const COMPONENT_SETTINGS = [
  'healthCheckInterval',
  'failureThreshold',
  'failureWindow',
  'recoveryTimeout',
  'healthyThreshold',
  'unhealthyThreshold',
  'flapWindow',
  'flapHoldMs',
  'ejectionFailures',
  'ejectionMs',
  'maxDetectionMs',
  'autoScalingEnabled',
  'recovery',
  'recoveryFrozen',
] as const satisfies readonly SettingName[];

export type ComponentSetting = (typeof COMPONENT_SETTINGS)[number];

const ofComponents = Object.fromEntries(COMPONENT_SETTINGS.map((name) => [name, settings[name]])) as Pick<
  typeof settings,
  ComponentSetting
>;

export const ComponentConfigSchema = documentOf({ ...ofComponents, values: ValuesSchema }).meta({
  id: 'ComponentConfig',
  description: 'What is set for one component; what is left out is as for its type.',
});

export type ComponentConfig = Pick<TypeConfig, ComponentSetting | 'values'>;

/** What was set for a component, as its registry is told of it. */
export interface ComponentOverrides {
  readonly id: string;
  /** Of the document: an older one changes nothing. */
  readonly revision: number;
  readonly overrides: GlobalConfig;
}

/** A registry, as the coordinator tells it what is set for its components. */
export interface ConfigFollower {
  /** Takes them over; returns once they are stored. Also for components that it does not hold (any more). */
  configureComponents(told: readonly ComponentOverrides[]): Promise<void>;
}

export const NO_COMPONENT_CONFIG: Revised<ComponentConfig> = { revision: 0, document: {} };
