/** What the registry expects of the prober: at most six targets a call, reports as they come. */
import type { Expectation } from '../core/component/health-check.ts';
import type { DrillWay } from '../core/drill/active-drill.ts';
import type { AttemptOrder, AttemptOutcome } from '../core/health/check.ts';

export interface ProbeTarget {
  readonly componentId: string;
  readonly url: string;
  readonly method: string;
  /** Sent along; the values may be secrets. */
  readonly headers: Readonly<Record<string, string>>;
  readonly expect: Expectation;
  readonly degradedAfterMs: number;
  readonly order: AttemptOrder;
  /** A failure that is rehearsed: the probe is made, and this is reported of it. Null for what is really found. */
  readonly inject?: DrillWay | null;
}

export interface AttemptReport {
  readonly componentId: string;
  readonly checkId: number;
  readonly attempt: number;
  readonly outcome: AttemptOutcome;
}

export interface ProbeRunner {
  /** Probes all targets at once; resolves when the last report is delivered. */
  run(targets: readonly ProbeTarget[], report: (reports: AttemptReport[]) => Promise<void>): Promise<void>;
  /** Whether anything at all answers there: says nothing of how it is. */
  look(url: string): Promise<boolean>;
}

/** Connections that one invocation may have waiting for response headers. */
export const MAX_TARGETS_PER_CALL = 6;
