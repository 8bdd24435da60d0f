/**
 * The settings that govern one deployment, with the defaults of the original plan first.
 * All durations in ms.
 */
export interface SystemConfig {
  /** Pace of checks for a registration that names none. */
  readonly healthCheckInterval: number;
  /** Failures of one component within `failureWindow` that start a recovery. */
  readonly failureThreshold: number;
  /** A recovery that has not proven its component healthy by then ends as `timeout`. */
  readonly recoveryTimeout: number;
  readonly loadBalancingEnabled: boolean;
  readonly autoScalingEnabled: boolean;
  readonly maxComponentsPerType: number;
  readonly failureWindow: number;
  /** Successful checks in a row that bring an unhealthy component back. */
  readonly healthyThreshold: number;
  /** Failed checks in a row that make a component unhealthy. */
  readonly unhealthyThreshold: number;
  /** Longest a dead component may stay in routing; shortens the check interval. 0 honours intervals as given. */
  readonly maxDetectionMs: number;
  /** Age at which an edge snapshot must be refreshed before it is served. */
  readonly snapshotMaxAgeMs: number;
  /** Checks a second that one type may start. */
  readonly probeBudgetPerSecond: number;
}

export const DEFAULT_CONFIG: SystemConfig = {
  healthCheckInterval: 10_000,
  failureThreshold: 3,
  recoveryTimeout: 300_000,
  loadBalancingEnabled: true,
  autoScalingEnabled: false,
  maxComponentsPerType: 1_000,
  failureWindow: 300_000,
  healthyThreshold: 2,
  unhealthyThreshold: 1,
  maxDetectionMs: 10_000,
  snapshotMaxAgeMs: 2_000,
  probeBudgetPerSecond: 100,
};
