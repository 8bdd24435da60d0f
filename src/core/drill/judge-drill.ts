/** Compares a drill with the promised detection and recovery times, which assume default settings. */
import type { Drill } from './drill.ts';

export interface DrillAction {
  readonly action: string;
  readonly finishedAt: number | null;
}

export interface DrillStep {
  readonly step: 'suspect' | 'out-of-routing' | 'unhealthy' | 'recovery-started' | 'switchover' | 'proven';
  /** ms after the drill began; null when the step has not happened. */
  readonly afterMs: number | null;
  /** ms; null when there is no promise. */
  readonly promisedMs: number | null;
  /** Null when there is no promise, and while the step is pending. */
  readonly passed: boolean | null;
}

/** The longest delay until an edge applies a change of its registry. */
const EDGE_LAG_MS = 2_000;
const OUT_OF_ROUTING_MS = { refuse: 6_000, unavailable: 6_000, hang: 9_000 } as const;
const RECOVERY_STARTED_MS = 17_000;
const SWITCHOVER_MS = 20_000;
/** For a recovery by restart, of a component that boots in 2 s. */
const RESTART_PROVEN_MS = 25_000;

export function judgeDrill(
  drill: Drill,
  actions: readonly DrillAction[],
): { steps: DrillStep[]; passed: boolean | null } {
  const hasEnded = drill.outcome !== 'running';
  const step = (name: DrillStep['step'], at: number | null, promisedMs: number | null, lagMs = 0): DrillStep => {
    const afterMs = at === null ? null : at - drill.startedAt + lagMs;
    const isLate = afterMs !== null && promisedMs !== null && afterMs > promisedMs;
    const passed = promisedMs === null || (afterMs === null && !hasEnded) ? null : afterMs !== null && !isLate;
    return { step: name, afterMs, promisedMs, passed };
  };
  const switchover = actions.find(({ action }) => action === 'switchover');
  const hasRestarted = actions.some(({ action }) => action === 'restart');
  const steps = [
    step('suspect', drill.suspectAt, null),
    step('out-of-routing', drill.suspectAt, OUT_OF_ROUTING_MS[drill.fault], EDGE_LAG_MS),
    step('unhealthy', drill.unhealthyAt, null),
    step('recovery-started', drill.recoveryStartedAt, RECOVERY_STARTED_MS),
    ...(switchover ? [step('switchover', switchover.finishedAt, SWITCHOVER_MS)] : []),
    step('proven', drill.provenAt, hasRestarted ? RESTART_PROVEN_MS : null),
  ];
  if (!hasEnded) return { steps, passed: null };
  return { steps, passed: drill.outcome === 'proven' && steps.every(({ passed }) => passed !== false) };
}
