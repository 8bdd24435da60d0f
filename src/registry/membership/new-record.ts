/** Component records as registration makes them: for a new component, or for a known one. */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { NO_RECOVERY } from '../../core/component/component-record.ts';
import type { Lifecycle } from '../../core/component/lifecycle.ts';
import { withLifecycleDates, isBeingRemoved, withRole, settledAs } from '../../core/component/lifecycle.ts';
import { NO_LOAD } from '../../core/component/load.ts';
import type { Registration } from '../../core/component/registration.ts';
import { NO_ROOT_CAUSE } from '../../core/component/root-cause.ts';
import { isSameAddress } from '../../core/component/health-url.ts';
import { atNewAddress } from '../../core/health/at-new-address.ts';
import { initialHealth } from '../../core/health/health-state.ts';
import { keepHealthSources } from '../../core/health/keep-health-sources.ts';
import { isSameJson } from '../../core/is-same-json.ts';

/** A registration with the claim it is stored under and its owner. */
export interface ClaimedRegistration {
  readonly registration: Registration;
  readonly claim: number;
  readonly owner: string | null;
}

export const firstRecord = ({ registration, claim, owner }: ClaimedRegistration, now: number): ComponentRecord => ({
  registration,
  owner,
  claim,
  generation: claim,
  revision: 0,
  registeredAt: now,
  updatedAt: now,
  lifecycle: settledAs(registration.role),
  health: initialHealth(now),
  load: NO_LOAD,
  recovery: NO_RECOVERY,
  dependencyState: NO_ROOT_CAUSE,
});

/** The record of a component that registers again: its state stays, its changes take effect. */
export function reregistered(record: ComponentRecord, input: ClaimedRegistration, now: number): ComponentRecord {
  const { registration, claim, owner } = input;
  const changed = !isSameJson(record.registration, registration);
  const roleChanged = registration.role !== record.registration.role;
  const lifecycle = lifecycleOnRegister(record.lifecycle, roleChanged, registration.role, now);
  const sources = { checks: registration.healthCheck !== undefined, heartbeats: registration.heartbeat !== undefined };
  const kept = changed ? keepHealthSources(record.health, sources, now) : record.health;
  const health = isSameAddress(record.registration, registration) ? kept : atNewAddress(kept, now);
  return { ...record, registration, owner, claim, generation: changed ? claim : record.generation, lifecycle, health };
}

function lifecycleOnRegister(
  current: Lifecycle,
  roleChanged: boolean,
  role: 'active' | 'standby',
  now: number,
): Lifecycle {
  // Registering again while draining before removal cancels the removal.
  if (isBeingRemoved(current)) return withLifecycleDates(current, settledAs(role), now);
  // An operator's maintenance or isolation stays: a component that registers every minute must not undo it.
  return roleChanged ? withLifecycleDates(current, withRole(current, role), now) : current;
}
