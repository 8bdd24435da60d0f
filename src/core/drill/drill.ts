/**
 * A drill: an injected failure of a component that responds normally. The prober's result is replaced; everything after
 * that is the path of a real failure. The drill only records the time of each step. Plain data, stored with the
 * component.
 */
import type { ComponentRecord } from '../component/component-record.ts';
import type { HealthState } from '../health/health-state.ts';
import type { DrillMode, ActiveDrill } from './active-drill.ts';

/** Clock corrections up to this size do not end a drill. */
const CLOCK_SLACK_MS = 1_000;

/**
 * `proven`: checks passed after the recovery; `timeout`: the drill expired before that; `aborted`: the component was
 * removed.
 */
export type DrillOutcome = 'running' | 'proven' | 'failed' | 'timeout' | 'cancelled' | 'aborted';

export interface Drill extends ActiveDrill {
  readonly componentId: string;
  readonly componentType: string;
  readonly outcome: DrillOutcome;
  readonly endedAt: number | null;
}

export interface NewDrill {
  readonly id: string;
  readonly fault: DrillMode;
  readonly execute: boolean;
}

export const beginDrill = (begin: NewDrill, now: number, durationMs: number): ActiveDrill => ({
  ...begin,
  startedAt: now,
  until: now + durationMs,
  faultEndedAt: null,
  suspectAt: null,
  unhealthyAt: null,
  recoveryStartedAt: null,
  recoveryId: null,
  provenAt: null,
});

/** A time before `startedAt` means that the clock was set back. The elapsed time is then unknown: the drill ends. */
export const hasDrillExpired = ({ startedAt, until }: ActiveDrill, now: number): boolean =>
  now >= until || now < startedAt - CLOCK_SLACK_MS;

/** The failure to inject into checks of the component; null when none is injected. */
export const injectedFailure = ({ recovery }: ComponentRecord): DrillMode | null =>
  recovery.drill && recovery.drill.faultEndedAt === null ? recovery.drill.fault : null;

/** Records when health checks noticed the failure; returns the same object when nothing is new. */
export function recordDrillHealth(record: ComponentRecord, health: HealthState, now: number): ComponentRecord {
  const { drill } = record.recovery;
  if (!drill) return record;
  const isDown = health.status === 'unhealthy';
  const suspectAt = drill.suspectAt ?? (health.suspect || isDown ? now : null);
  const unhealthyAt = drill.unhealthyAt ?? (isDown ? now : null);
  if (suspectAt === drill.suspectAt && unhealthyAt === drill.unhealthyAt) return record;
  return withDrill(record, { ...drill, suspectAt, unhealthyAt });
}

/** Ends the injection of the failure; the drill goes on. */
export function liftDrill(record: ComponentRecord, now: number): ComponentRecord {
  const { drill } = record.recovery;
  return drill && drill.faultEndedAt === null ? withDrill(record, { ...drill, faultEndedAt: now }) : record;
}

export function proveDrill(record: ComponentRecord, now: number): ComponentRecord {
  const { drill } = record.recovery;
  return drill && drill.provenAt === null ? withDrill(record, { ...drill, provenAt: now }) : record;
}

/**
 * Ends the component's drill; returns null when there is none. Failures and falls caused by the drill no longer count.
 */
export function endDrill(
  record: ComponentRecord,
  outcome: Exclude<DrillOutcome, 'running'>,
  now: number,
): { readonly record: ComponentRecord; readonly drill: Drill } | null {
  const { drill } = record.recovery;
  if (!drill) return null;
  const { registration, health, recovery } = record;
  const flap = { falls: health.flap.falls.filter((at) => at < drill.startedAt), heldUntil: null };
  return {
    record: {
      ...record,
      health: { ...health, flap },
      recovery: { ...recovery, drill: null, settledUntil: Math.max(recovery.settledUntil, now) },
    },
    drill: { ...toDrill(registration, { ...drill, faultEndedAt: drill.faultEndedAt ?? now }), outcome, endedAt: now },
  };
}

export const toDrill = ({ id, type }: { readonly id: string; readonly type: string }, drill: ActiveDrill): Drill => ({
  ...drill,
  componentId: id,
  componentType: type,
  outcome: 'running',
  endedAt: null,
});

const withDrill = (record: ComponentRecord, drill: ActiveDrill): ComponentRecord => ({
  ...record,
  recovery: { ...record.recovery, drill },
});
