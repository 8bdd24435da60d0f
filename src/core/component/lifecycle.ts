/**
 * The operated side of a component: what people and recoveries have decided about it.
 * Apart from the observed side (`HealthStatus`); whether it is routable is derived, never stored.
 */
export type LifecycleState = 'active' | 'standby' | 'draining' | 'maintenance' | 'isolated';

export interface Lifecycle {
  readonly state: LifecycleState;
  /** Epoch ms at which the state ends by itself, or null. */
  readonly until: number | null;
  /** What follows at that time. */
  readonly next: 'active' | 'standby' | 'removed' | null;
}

/** In service, or held ready, without an end. */
export const settledAs = (state: 'active' | 'standby'): Lifecycle => ({ state, until: null, next: null });

/** Out of routing until it is removed. */
export const draining = (until: number): Lifecycle => ({ state: 'draining', until, next: 'removed' });

/** Out of routing until a time, then back to where it was: a standby stays a standby. */
export function setAside(current: Lifecycle, state: 'maintenance' | 'isolated', until: number): Lifecycle {
  const isSettled = current.state === 'active' || current.state === 'standby';
  const before = isSettled ? current.state : current.next === 'standby' ? 'standby' : 'active';
  return { state, until, next: before };
}

/** What follows now that the state's time is over; null while it is not. */
export const whatFollows = (lifecycle: Lifecycle, now: number): Lifecycle['next'] =>
  lifecycle.until !== null && now >= lifecycle.until ? lifecycle.next : null;
