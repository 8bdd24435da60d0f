/** How a type's work is shared out, as its configuration says. */
export const POLICY_NAMES = ['least-time', 'score', 'least-load', 'round-robin', 'random'] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

export interface TrafficPart {
  /** Metadata as text, all of it wanted. */
  readonly match: Readonly<Record<string, string>>;
  /** Of the type's work. What the parts leave goes to those that no part matches. */
  readonly percent: number;
}

export interface ScoreWeights {
  /** Taken off when it is degraded. */
  readonly degraded: number;
  /** Taken off for each 100 ms of usual response time. */
  readonly per100Ms: number;
  /** At most so much is taken off for response time. */
  readonly responseTimeMost: number;
  /** Added when it supports the task type. */
  readonly taskType: number;
  /** Added when it is at the task's location. */
  readonly location: number;
}

export interface BalancingSettings {
  readonly policy: PolicyName;
  /** False: the first eligible by registration order gets everything. */
  readonly loadBalancingEnabled: boolean;
  /** Percent of a type's active components that must be healthy; below it health is not asked (Envoy's panic threshold). 0 is never. */
  readonly panicThreshold: number;
  /** With nobody healthy, suspect or degraded left: refuse, or ask whoever is active. */
  readonly noHealthyPolicy: 'reject' | 'fail-open';
  readonly trafficSplit: readonly TrafficPart[];
  /** How long a component that is back takes to its full share, ms. */
  readonly slowStartMs: number;
  /** Weights of the policy `score`. */
  readonly scoreWeights: ScoreWeights;
  /** Isolates may be granted blocks of so many slots, to lease from without a call; null for no blocks. */
  readonly leaseBlocks: { readonly size: number } | null;
}

export const DEFAULT_BALANCING: BalancingSettings = {
  policy: 'least-time',
  loadBalancingEnabled: true,
  panicThreshold: 0,
  noHealthyPolicy: 'reject',
  trafficSplit: [],
  slowStartMs: 30_000,
  scoreWeights: { degraded: 20, per100Ms: 1, responseTimeMost: 10, taskType: 15, location: 10 },
  leaseBlocks: null,
};
