/** One component as the balancing sees it: what a snapshot carries. Plain data. */
import type { JsonObject } from '../json.ts';
import type { HealthStatus } from '../health/health-status.ts';
import type { LifecycleState } from '../component/lifecycle.ts';

export interface Candidate {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly endpoint: string;
  readonly metadata: JsonObject;
  readonly location: string | null;
  readonly taskTypes: readonly string[];
  /** Boolean capabilities it has, by name. */
  readonly flags: readonly string[];
  readonly maxConcurrentTasks: number | null;
  readonly weight: number;
  readonly lifecycle: LifecycleState;
  readonly status: HealthStatus;
  readonly reason: string | null;
  /** Grows with each registration: who was there first. */
  readonly order: number;
  /** Epoch ms since when it is back after it was out of routing; null when it never was: slow start. */
  readonly backSince: number | null;
  readonly vitals: LiveStats;
}

/** How it is and how it is operated: what turns under one registration. */
export type Condition = Pick<Candidate, 'lifecycle' | 'status' | 'reason' | 'backSince'>;

/** What moves without moving the revision. */
export interface LiveStats {
  /** A check is going wrong, or work fails there. */
  readonly suspect: boolean;
  readonly inFlight: number;
  readonly loadPercentage: number;
  /** Usual response time, ms: of work where callers report it, else of its health check. */
  readonly usualMs: number | null;
  /** That time is of work. It says more than one of checks, and the two cannot be compared. */
  readonly ofWork: boolean;
}

export type FilterRule = 'lifecycle' | 'weight' | 'unknown' | 'unhealthy';

/** Why a component may not be given work at all, or null when it may. */
export function whyNotRoutable(candidate: Pick<Candidate, 'lifecycle' | 'weight' | 'status'>): FilterRule | null {
  if (candidate.lifecycle !== 'active') return 'lifecycle';
  if (candidate.weight === 0) return 'weight';
  if (candidate.status === 'unknown') return 'unknown';
  if (candidate.status === 'unhealthy') return 'unhealthy';
  return null;
}
