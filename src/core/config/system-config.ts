/**
 * The effective settings, global or of one type: defaults, overridden by configuration documents. The defaults that the
 * original plan names come first.
 */
import type { BalancingSettings } from '../balancing/balancing-settings.ts';
import { DEFAULT_BALANCING } from '../balancing/balancing-settings.ts';
import { isSameJson } from '../is-same-json.ts';
import type { RecoveryPolicies } from '../failure/recovery-policy.ts';
import { completePolicies } from '../failure/recovery-policy.ts';
import type { GlobalConfig, Settings, TypeConfig } from './settings.ts';

/** Time for which history is kept after its failure, recovery or incident ended, days. */
export interface Retention {
  readonly failureDays: number;
  readonly recoveryDays: number;
  readonly incidentDays: number;
}

export interface SystemConfig extends Omit<Settings, 'recovery' | 'retention'> {
  /** Complete: one policy per failure type. */
  readonly recovery: RecoveryPolicies;
  readonly retention: Retention;
  /** Checks that one type may start per second. Not a setting, because components and hosts rely on it. */
  readonly probeBudgetPerSecond: number;
}

const DEFAULT_RETENTION: Retention = { failureDays: 30, recoveryDays: 90, incidentDays: 90 };

export const DEFAULT_SETTINGS = {
  healthCheckInterval: 10_000,
  failureThreshold: 3,
  recoveryTimeout: 300_000,
  loadBalancingEnabled: DEFAULT_BALANCING.loadBalancingEnabled,
  autoScalingEnabled: false,
  maxComponentsPerType: 1_000,
  failureWindow: 300_000,
  healthyThreshold: 2,
  unhealthyThreshold: 1,
  flapWindow: 600_000,
  flapHoldMs: 30_000,
  ejectionFailures: 5,
  ejectionMs: 30_000,
  maxDetectionMs: 10_000,
  snapshotMaxAgeMs: 2_000,
  balancingPolicy: DEFAULT_BALANCING.policy,
  scoreWeights: DEFAULT_BALANCING.scoreWeights,
  panicThreshold: DEFAULT_BALANCING.panicThreshold,
  noHealthyPolicy: DEFAULT_BALANCING.noHealthyPolicy,
  slowStartMs: DEFAULT_BALANCING.slowStartMs,
  assumedTaskMs: DEFAULT_BALANCING.assumedTaskMs,
  trafficSplit: [],
  selfDoubt: 'auto',
  canaryUrl: null,
  controller: null,
  leaseBlocks: DEFAULT_BALANCING.leaseBlocks,
  recovery: completePolicies(),
  recoveryFrozen: false,
  newTypes: 'create',
  retention: DEFAULT_RETENTION,
} satisfies Settings;

/** The settings of a document, without `requestTypes`, `values` and `valuesSchema`. */
export function settingsIn(document: GlobalConfig & TypeConfig): GlobalConfig {
  const { requestTypes: _, values: __, valuesSchema: ___, ...settings } = document;
  return settings;
}

/** The effective configuration for these overrides. */
export const configOf = (overrides: GlobalConfig): SystemConfig => ({
  ...DEFAULT_SETTINGS,
  ...overrides,
  recovery: completePolicies(overrides.recovery),
  retention: { ...DEFAULT_RETENTION, ...overrides.retention },
  probeBudgetPerSecond: 100,
});

export const DEFAULT_CONFIG: SystemConfig = configOf({});

/** The settings that balancing reads. Returns `before` if they are equal: candidate pools are compiled from it. */
export function balancingOf(config: SystemConfig, before: BalancingSettings = DEFAULT_BALANCING): BalancingSettings {
  const balancing: BalancingSettings = {
    policy: config.balancingPolicy,
    loadBalancingEnabled: config.loadBalancingEnabled,
    panicThreshold: config.panicThreshold,
    noHealthyPolicy: config.noHealthyPolicy,
    trafficSplit: config.trafficSplit,
    slowStartMs: config.slowStartMs,
    scoreWeights: config.scoreWeights,
    assumedTaskMs: config.assumedTaskMs,
    leaseBlocks: config.leaseBlocks,
  };
  return isSame(before, balancing) ? before : balancing;
}

const isSame = (a: BalancingSettings, b: BalancingSettings): boolean =>
  Object.entries(a).every(([name, value]) => isSameJson(value, b[name as keyof typeof b]));
