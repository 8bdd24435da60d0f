/** Balancing settings of a component type, resolved from its configuration. */
export const POLICY_NAMES = ['least-time', 'score', 'least-load', 'round-robin', 'random'] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

export interface TrafficPart {
  /** Metadata as text. A component must match all entries. */
  readonly match: Readonly<Record<string, string>>;
  /** Percent of the type's work. Components that match no part receive the remainder. */
  readonly percent: number;
}

export interface ScoreWeights {
  /** Subtracted from the score of a degraded or suspect component. */
  readonly degraded: number;
  /** Subtracted for each 100 ms of the average response time. */
  readonly per100Ms: number;
  /** Most that the response time can subtract. */
  readonly responseTimeMax: number;
  /** Added if the component supports the task type. */
  readonly taskType: number;
  /** Added if the component is at the task's location. */
  readonly location: number;
}

export interface BalancingSettings {
  readonly policy: PolicyName;
  /** False: the eligible component that registered first receives all work. */
  readonly loadBalancingEnabled: boolean;
  /**
   * Panic threshold (Envoy): below this percent of healthy components among the active ones, routing ignores health. 0
   * disables the threshold.
   */
  readonly panicThreshold: number;
  /** If no healthy, suspect or degraded component is left: reject the request, or route to any active component. */
  readonly noHealthyPolicy: 'reject' | 'fail-open';
  readonly trafficSplit: readonly TrafficPart[];
  /** Slow start: ms until a component that is back receives its full share. */
  readonly slowStartMs: number;
  readonly scoreWeights: ScoreWeights;
  /** Task time of components without a reported outcome, ms: work assigned to them decays over it. */
  readonly assumedTaskMs: number;
  /** Registries grant blocks of this many slots to isolates, which then lease without a call; null disables blocks. */
  readonly leaseBlocks: { readonly size: number } | null;
}

export const DEFAULT_BALANCING: BalancingSettings = {
  policy: 'least-time',
  loadBalancingEnabled: true,
  panicThreshold: 0,
  noHealthyPolicy: 'reject',
  trafficSplit: [],
  slowStartMs: 30_000,
  scoreWeights: { degraded: 20, per100Ms: 1, responseTimeMax: 10, taskType: 15, location: 10 },
  assumedTaskMs: 30_000,
  leaseBlocks: null,
};
