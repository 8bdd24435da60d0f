/** Records as registration makes them: of a component never seen, or of one that is known. */
import type { ComponentRecord } from '../core/component/component-record.ts';
import { NO_RECOVERY } from '../core/component/component-record.ts';
import { NO_LOAD } from '../core/component/load.ts';
import type { Registration } from '../core/component/registration.ts';
import { initialHealth } from '../core/health/health-state.ts';

export const firstRecord = (registration: Registration, generation: number, now: number): ComponentRecord => ({
  registration,
  generation,
  revision: 0,
  registeredAt: now,
  updatedAt: now,
  lifecycle: { state: registration.role === 'standby' ? 'standby' : 'active', until: null },
  health: initialHealth(now),
  load: NO_LOAD,
  recovery: NO_RECOVERY,
});

/** The same component registered again: what is known of it stays, a changed role takes effect. */
export function renewed(record: ComponentRecord, registration: Registration, generation: number): ComponentRecord {
  const roleChanged = registration.role !== record.registration.role;
  const state = registration.role === 'standby' ? ('standby' as const) : ('active' as const);
  // A component that registers anew while it drains means to stay.
  const lifecycle = roleChanged || record.lifecycle.state === 'draining' ? { state, until: null } : record.lifecycle;
  return { ...record, registration, generation, lifecycle };
}
