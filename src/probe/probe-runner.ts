/** Contract between the registry and the prober: at most six targets per call, with reports as results arrive. */
import type { Expectation, HealthDetails } from '../core/component/health-check.ts';
import type { DrillMode } from '../core/drill/active-drill.ts';
import type { AttemptOrder, ProbeOutcome } from '../core/health/check.ts';

export interface ProbeTarget {
  readonly componentId: string;
  readonly url: string;
  readonly method: string;
  /** Request headers; the values may be secrets. */
  readonly headers: Readonly<Record<string, string>>;
  readonly expect: Expectation;
  /** The part of the response to return. */
  readonly details: HealthDetails;
  readonly degradedAfterMs: number;
  readonly order: AttemptOrder;
  /** Failure that a drill injects: the probe is made, but this failure is reported. Null reports the real outcome. */
  readonly inject?: DrillMode | null;
}

export interface AttemptReport {
  readonly componentId: string;
  readonly checkId: number;
  readonly attempt: number;
  readonly outcome: ProbeOutcome;
}

/** `late`: the prober ran too late to tell. */
export type Reachability = 'reachable' | 'unreachable' | 'late';

export interface ProbeRunner {
  /** Probes all targets concurrently. Resolves when the last report is delivered. */
  run(targets: readonly ProbeTarget[], report: (reports: AttemptReport[]) => Promise<void>): Promise<void>;
  /** Whether the URL returns any HTTP response, whatever its status. A call of its own, apart from all checks. */
  checkReachability(url: string): Promise<Reachability>;
}

/** Connections of one invocation that may wait for response headers at the same time. */
export const MAX_TARGETS_PER_CALL = 6;
