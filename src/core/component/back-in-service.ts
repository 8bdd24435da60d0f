/** What coming back from being set aside does to a component beside its lifecycle. */
import { NOT_FLAPPING } from '../health/flap-damping.ts';
import type { ComponentRecord } from './component-record.ts';
import type { Lifecycle } from './lifecycle.ts';
import { isSettled } from './lifecycle.ts';

/**
 * The record as it goes on after `before`: its share grows from small to full, and unless it only drained it
 * is doubted until a check (or, where there is none, a heartbeat) says that it is well. What happened during
 * maintenance brings about no recovery and no holding down afterwards.
 */
export function backInService(record: ComponentRecord, before: Lifecycle, now: number): ComponentRecord {
  if (isSettled(before) || !isSettled(record.lifecycle)) return record;
  const { health, recovery } = record;
  const isMaintained = before.state === 'maintenance';
  const isWell = health.status === 'healthy' || health.status === 'degraded';
  const known = isMaintained ? { ...health, flap: NOT_FLAPPING } : health;
  return {
    ...record,
    health: isWell ? { ...known, backSince: now, suspect: health.suspect || before.state !== 'draining' } : known,
    recovery: isMaintained ? { ...recovery, settledUntil: Math.max(recovery.settledUntil, now) } : recovery,
  };
}
