/**
 * A drill: a failure that is injected at the prober's result while its component answers normally. What follows is the
 * way of a real failure; the drill only writes down when what happened. Plain data, stored with its component.
 */
import type { ComponentRecord } from '../component/component-record.ts';
import type { HealthState } from '../health/health-state.ts';
import type { DrillWay, ActiveDrill } from './active-drill.ts';

/** A clock may be set back by so little without anybody noticing. */
const CLOCK_SLACK_MS = 1_000;
/** `proven`: its recovery proved the component; `timeout`: its time was over first; `aborted`: the component was removed. */
export type DrillOutcome = 'running' | 'proven' | 'failed' | 'timeout' | 'cancelled' | 'aborted';

export interface Drill extends ActiveDrill {
  readonly componentId: string;
  readonly componentType: string;
  readonly outcome: DrillOutcome;
  readonly endedAt: number | null;
}

export interface DrillBegin {
  readonly id: string;
  readonly way: DrillWay;
  readonly execute: boolean;
}

export const beginDrill = (begin: DrillBegin, now: number, forMs: number): ActiveDrill => ({
  ...begin,
  beganAt: now,
  until: now + forMs,
  liftedAt: null,
  suspectAt: null,
  unhealthyAt: null,
  recoveryStartedAt: null,
  recoveryId: null,
  provenAt: null,
});

/** Before its own beginning the clock went back, and nobody can say how long it has lasted. */
export const isTimeOver = ({ beganAt, until }: ActiveDrill, now: number): boolean =>
  now >= until || now < beganAt - CLOCK_SLACK_MS;

/** What checks of the component are to find; null when they find what is there. */
export const injectedInto = ({ recovery }: ComponentRecord): DrillWay | null =>
  recovery.drill && recovery.drill.liftedAt === null ? recovery.drill.way : null;

/** Writes down that it was noticed; the record itself when there is nothing new. */
export function notedHealth(record: ComponentRecord, health: HealthState, now: number): ComponentRecord {
  const { drill } = record.recovery;
  if (!drill) return record;
  const isDown = health.status === 'unhealthy';
  const suspectAt = drill.suspectAt ?? (health.suspect || isDown ? now : null);
  const unhealthyAt = drill.unhealthyAt ?? (isDown ? now : null);
  if (suspectAt === drill.suspectAt && unhealthyAt === drill.unhealthyAt) return record;
  return withDrill(record, { ...drill, suspectAt, unhealthyAt });
}

/** The failure is over from now on. */
export function lifted(record: ComponentRecord, now: number): ComponentRecord {
  const { drill } = record.recovery;
  return drill && drill.liftedAt === null ? withDrill(record, { ...drill, liftedAt: now }) : record;
}

export function proven(record: ComponentRecord, now: number): ComponentRecord {
  const { drill } = record.recovery;
  return drill && drill.provenAt === null ? withDrill(record, { ...drill, provenAt: now }) : record;
}

/**
 * Ends the component's drill: what it brought about counts for nothing afterwards, neither its failures nor its falls. Null
 * when there is none.
 */
export function endDrill(
  record: ComponentRecord,
  outcome: Exclude<DrillOutcome, 'running'>,
  now: number,
): { readonly record: ComponentRecord; readonly drill: Drill } | null {
  const { drill } = record.recovery;
  if (!drill) return null;
  const { registration, health, recovery } = record;
  const flap = { falls: health.flap.falls.filter((at) => at < drill.beganAt), heldUntil: null };
  return {
    record: {
      ...record,
      health: { ...health, flap },
      recovery: { ...recovery, drill: null, settledUntil: Math.max(recovery.settledUntil, now) },
    },
    drill: { ...toDrill(registration, { ...drill, liftedAt: drill.liftedAt ?? now }), outcome, endedAt: now },
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
