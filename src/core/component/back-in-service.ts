/** What coming back from being set aside does to a component beside its lifecycle. */
import type { ComponentRecord } from './component-record.ts';
import type { Lifecycle } from './lifecycle.ts';
import { isSettled } from './lifecycle.ts';

/**
 * The record as it goes on after `before`: its share grows from small to full, and unless it only drained it
 * is doubted until a check (or, where there is none, a heartbeat) says that it is well. What failed during
 * maintenance brings about no recovery afterwards.
 */
export function backInService(record: ComponentRecord, before: Lifecycle, now: number): ComponentRecord {
  if (isSettled(before) || !isSettled(record.lifecycle)) return record;
  const { health, recovery } = record;
  const isWell = health.status === 'healthy' || health.status === 'degraded';
  const suspect = health.suspect || before.state !== 'draining';
  const settledUntil = before.state === 'maintenance' ? Math.max(recovery.settledUntil, now) : recovery.settledUntil;
  return {
    ...record,
    health: isWell ? { ...health, backSince: now, suspect } : health,
    recovery: settledUntil === recovery.settledUntil ? recovery : { ...recovery, settledUntil },
  };
}
