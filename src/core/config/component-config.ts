/**
 * The configuration document of one component: `values`, and the settings that its registry evaluates per component.
 * Settings that edges read, and settings that apply to a type as a whole, can be set only for types.
 */
import type { Revised } from './config-documents.ts';
import type { GlobalConfig, SettingName, TypeConfig } from './settings.ts';
import { documentSchema, settings } from './settings.ts';
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

const componentSettings = Object.fromEntries(COMPONENT_SETTINGS.map((name) => [name, settings[name]])) as Pick<
  typeof settings,
  ComponentSetting
>;

export const ComponentConfigSchema = documentSchema({ ...componentSettings, values: ValuesSchema }).meta({
  id: 'ComponentConfig',
  description: 'Settings of one component. Missing settings are inherited from its type.',
});

export type ComponentConfig = Pick<TypeConfig, ComponentSetting | 'values'>;

/** The overrides of one component, as the coordinator sends them to its registry. */
export interface ComponentOverrides {
  readonly id: string;
  /** Revision of the document. The registry ignores an older one. */
  readonly revision: number;
  readonly overrides: GlobalConfig;
}

/** Receives the component documents that the coordinator sends. A registry implements it. */
export interface ConfigSubscriber {
  /** Applies the overrides and returns once they are stored, also for components that are not registered. */
  configureComponents(overrides: readonly ComponentOverrides[]): Promise<void>;
}

export const NO_COMPONENT_CONFIG: Revised<ComponentConfig> = { revision: 0, document: {} };
