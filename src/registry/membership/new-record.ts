/** Records as registration makes them: of a component never seen, or of one that is known. */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { NO_RECOVERY } from '../../core/component/component-record.ts';
import type { Lifecycle } from '../../core/component/lifecycle.ts';
import { lifecycleDates, isBeingRemoved, placedAs, settledAs } from '../../core/component/lifecycle.ts';
import { NO_LOAD } from '../../core/component/load.ts';
import type { Registration } from '../../core/component/registration.ts';
import { NO_ROOT_CAUSE } from '../../core/component/root-cause.ts';
import { initialHealth } from '../../core/health/health-state.ts';
import { keepHealthSource } from '../../core/health/keep-health-source.ts';

/** What registers: the registration, the claim it is stored under and whose it is. */
export interface Registering {
  readonly registration: Registration;
  readonly claim: number;
  readonly owner: string | null;
}

export const firstRecord = ({ registration, claim, owner }: Registering, now: number): ComponentRecord => ({
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
  shadow: NO_ROOT_CAUSE,
});

/** The same component registered again: what is known of it stays, what it changed takes effect. */
export function renewed(record: ComponentRecord, registering: Registering, now: number): ComponentRecord {
  const { registration, claim, owner } = registering;
  const changed = JSON.stringify(record.registration) !== JSON.stringify(registration);
  const roleChanged = registration.role !== record.registration.role;
  const lifecycle = relocated(record.lifecycle, roleChanged, registration.role, now);
  const senses = { checks: registration.healthCheck !== undefined, heartbeats: registration.heartbeat !== undefined };
  const health = changed ? keepHealthSource(record.health, senses, now) : record.health;
  return { ...record, registration, owner, claim, generation: changed ? claim : record.generation, lifecycle, health };
}

function relocated(current: Lifecycle, roleChanged: boolean, role: 'active' | 'standby', now: number): Lifecycle {
  // A component that registers anew while it drains before its removal means to stay.
  if (isBeingRemoved(current)) return lifecycleDates(current, settledAs(role), now);
  // What an operator set aside stays so: a component that registers every minute must not undo it.
  return roleChanged ? lifecycleDates(current, placedAs(current, role), now) : current;
}
