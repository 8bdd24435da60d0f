/**
 * Whether this machine had the time to run the demo. On an overloaded machine processes start late and timers fire
 * late, so a missed target says nothing about the coordinator.
 */
import { availableParallelism, loadavg } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface MachineLoad {
  /** Processes that ran or waited for a processor, mean of the last minute. 0 where the system does not count them. */
  readonly runnable: number;
  readonly processors: number;
  /** Delay of this program's timers that 99 % did not exceed, ms. */
  readonly timerDelayMs: number;
}

/** Beyond these the promised times do not hold. The demo itself keeps two processors busy for moments only. */
const MAX_RUNNABLE_PER_PROCESSOR = 3;
const MAX_TIMER_DELAY_MS = 250;

const RESOLUTION_MS = 20;

/** Starts to measure. The returned function returns what was measured so far. */
export function observeMachine(): () => MachineLoad {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  return () => ({
    runnable: loadavg()[0] ?? 0,
    processors: availableParallelism(),
    timerDelayMs: Math.max(0, delays.percentile(99) / 1e6 - RESOLUTION_MS),
  });
}

/** A sentence about an overloaded machine, or null. */
export function describeOverload({ runnable, processors, timerDelayMs }: MachineLoad): string | null {
  const isOverloaded = runnable > processors * MAX_RUNNABLE_PER_PROCESSOR || timerDelayMs > MAX_TIMER_DELAY_MS;
  if (!isOverloaded) return null;
  return (
    `This machine was overloaded: ${runnable.toFixed(1)} processes for ${processors} processors, timers ` +
    `${Math.round(timerDelayMs)} ms late. Missed targets say nothing about the coordinator. Try again on an idle machine.`
  );
}
