/** Changes to health and recovery state when a component returns to service. */
import { NOT_FLAPPING } from '../health/flap-damping.ts';
import type { ComponentRecord } from './component-record.ts';
import type { Lifecycle } from './lifecycle.ts';
import { isSettled } from './lifecycle.ts';

/**
 * Prepares a record for service after lifecycle `before`. Slow start begins again. Unless the component was only
 * draining, it is suspect until a check passes (without checks: until a heartbeat arrives). Failures and falls during
 * maintenance cause neither a recovery nor a flap-damping hold.
 */
export function backInService(record: ComponentRecord, before: Lifecycle, now: number): ComponentRecord {
  if (isSettled(before) || !isSettled(record.lifecycle)) return record;
  const { health, recovery } = record;
  const wasMaintained = before.state === 'maintenance';
  const isUp = health.status === 'healthy' || health.status === 'degraded';
  const kept = wasMaintained ? { ...health, flap: NOT_FLAPPING } : health;
  return {
    ...record,
    health: isUp ? { ...kept, backSince: now, suspect: health.suspect || before.state !== 'draining' } : kept,
    recovery: wasMaintained ? { ...recovery, settledUntil: Math.max(recovery.settledUntil, now) } : recovery,
  };
}
