/** A component as the balancing sees it, and as a snapshot carries it. Plain data. */
import type { JsonObject } from '../json.ts';
import type { HealthStatus } from '../health/health-status.ts';
import type { LifecycleState } from '../component/lifecycle.ts';

export interface Candidate {
  readonly id: string;
  readonly metadata: JsonObject;
  readonly location: string | null;
  readonly taskTypes: readonly string[];
  /** Names of its boolean capabilities. */
  readonly flags: readonly string[];
  readonly maxConcurrentTasks: number | null;
  readonly weight: number;
  readonly lifecycle: LifecycleState;
  readonly status: HealthStatus;
  readonly reason: string | null;
  /** Increases with each registration; orders components by age. */
  readonly order: number;
  /** Start of the slow start: epoch ms at which the component returned to routing; null if it never left. */
  readonly backSince: number | null;
  readonly liveStats: LiveStats;
}

/** The part of a candidate that changes without a new registration. */
export type Condition = Pick<Candidate, 'lifecycle' | 'status' | 'reason' | 'backSince'>;

/** Fast-changing numbers, which do not advance the revision. */
export interface LiveStats {
  /** A check is failing, or work fails on the component. */
  readonly suspect: boolean;
  /** Known work in flight: leases, and what the component reports. */
  readonly inFlight: number;
  /** Estimated work in flight as of `estimatedAt`, epoch ms by the clock of the registry. */
  readonly estimated: number;
  readonly estimatedAt: number;
  /** Known load in percent. */
  readonly loadPercentage: number;
  /** Moving average of the response time, ms: of work if callers report it, otherwise of the health check. */
  readonly ewmaMs: number | null;
  /** True if `ewmaMs` is of work. Times of work and of checks cannot be compared. */
  readonly isWorkTime: boolean;
}

export type FilterRule = 'lifecycle' | 'weight' | 'unknown' | 'unhealthy';

/** The rule that keeps a component out of routing; null if routable. */
export function whyNotRoutable(candidate: Pick<Candidate, 'lifecycle' | 'weight' | 'status'>): FilterRule | null {
  if (candidate.lifecycle !== 'active') return 'lifecycle';
  if (candidate.weight === 0) return 'weight';
  if (candidate.status === 'unknown') return 'unknown';
  if (candidate.status === 'unhealthy') return 'unhealthy';
  return null;
}
