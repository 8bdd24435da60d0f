/**
 * The operated side of a component: what people and recoveries have decided about it.
 * Apart from the observed side (`HealthStatus`); whether it is routable is derived, never stored.
 */
export type LifecycleState = 'active' | 'standby' | 'draining' | 'maintenance' | 'isolated';

export interface Lifecycle {
  readonly state: LifecycleState;
  /** Epoch ms at which the state ends by itself, or null. */
  readonly until: number | null;
  /** What follows at that time, or when somebody ends it before. */
  readonly next: 'active' | 'standby' | 'removed' | null;
  /** Epoch ms since when; absent where it never changed. */
  readonly since?: number;
  /** Why, as whoever asked for it said. */
  readonly reason?: string | null;
  /** Who took over from it, while it is a standby for that: what it may take back. */
  readonly replacedBy?: string;
  /** Epoch ms at which its last maintenance ended. */
  readonly maintainedUntil?: number;
}

/** In service, or held ready, without an end. */
export const settledAs = (state: 'active' | 'standby'): Lifecycle => ({ state, until: null, next: null });

export const isSettled = ({ state }: Lifecycle): boolean => state === 'active' || state === 'standby';

/** Its removal has been acknowledged: it only drains before. */
export const isBeingRemoved = ({ next }: Lifecycle): boolean => next === 'removed';

/** Out of routing until it is removed. */
export const draining = (until: number): Lifecycle => ({ state: 'draining', until, next: 'removed' });

/** Out of routing until a time (null: until it is restored), then back to where it was: a standby stays a standby. */
export const setAside = (
  current: Lifecycle,
  state: 'draining' | 'maintenance' | 'isolated',
  until: number | null,
): Lifecycle => ({ state, until, next: placeOf(current) });

const placeOf = (lifecycle: Lifecycle): 'active' | 'standby' =>
  lifecycle.state === 'standby' || lifecycle.next === 'standby' ? 'standby' : 'active';

/** Its place is to be `role` from now on, at once or, when it is set aside, once that is over. */
export function placedAs(current: Lifecycle, role: 'active' | 'standby'): Lifecycle {
  if (isSettled(current)) return settledAs(role);
  return isBeingRemoved(current) ? current : { ...current, next: role };
}

/** What follows now that the state's time is over; null while it is not. */
export const nextLifecycle = (lifecycle: Lifecycle, now: number): Lifecycle['next'] =>
  lifecycle.until !== null && now >= lifecycle.until ? lifecycle.next : null;

/** `next` as it is stored after `before`: with its beginning, who took over, and the end of the last maintenance. */
export function lifecycleDates(before: Lifecycle, next: Lifecycle, now: number): Lifecycle {
  const since = next.state === before.state ? before.since : now;
  const isMaintained = before.state === 'maintenance' && next.state !== 'maintenance';
  const maintainedUntil = isMaintained ? now : before.maintainedUntil;
  const replacedBy = placeOf(next) === 'standby' ? (next.replacedBy ?? before.replacedBy) : undefined;
  return {
    ...next,
    ...(replacedBy === undefined ? {} : { replacedBy }),
    ...(since === undefined ? {} : { since }),
    ...(maintainedUntil === undefined ? {} : { maintainedUntil }),
  };
}
