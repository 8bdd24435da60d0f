/**
 * The operated state of a component, as decided by operators and recoveries.
 * Separate from the observed state (`HealthStatus`). Routability is derived from both, never stored.
 */
export type LifecycleState = 'active' | 'standby' | 'draining' | 'maintenance' | 'isolated';

export interface Lifecycle {
  readonly state: LifecycleState;
  /** Epoch ms at which the state ends by itself, or null. */
  readonly until: number | null;
  /** The state that follows at `until`, or when an operator restores the component earlier. */
  readonly next: 'active' | 'standby' | 'removed' | null;
  /** Epoch ms of the last change of `state`; absent when it never changed. */
  readonly since?: number;
  /** The reason given by the requester. */
  readonly reason?: string | null;
  /** Id of the component that took over, while this one is its standby. A switchback reverses that switchover. */
  readonly replacedBy?: string;
  /** Epoch ms at which the last maintenance ended. */
  readonly maintainedUntil?: number;
}

/** In service, or ready as a standby, without an end. */
export const settledAs = (state: 'active' | 'standby'): Lifecycle => ({ state, until: null, next: null });

export const isSettled = ({ state }: Lifecycle): boolean => state === 'active' || state === 'standby';

/** True when the removal was acknowledged and the component is only draining. */
export const isBeingRemoved = ({ next }: Lifecycle): boolean => next === 'removed';

/** Out of routing until the removal at `until`, epoch ms. */
export const draining = (until: number): Lifecycle => ({ state: 'draining', until, next: 'removed' });

/** Out of routing until a time (null: until restored), then back to its role: a standby stays a standby. */
export const takeOutOfService = (
  current: Lifecycle,
  state: 'draining' | 'maintenance' | 'isolated',
  until: number | null,
): Lifecycle => ({ state, until, next: roleOf(current) });

const roleOf = (lifecycle: Lifecycle): 'active' | 'standby' =>
  lifecycle.state === 'standby' || lifecycle.next === 'standby' ? 'standby' : 'active';

/** Assigns `role`: at once, or at the end of the current state when the component is out of service. */
export function withRole(current: Lifecycle, role: 'active' | 'standby'): Lifecycle {
  if (isSettled(current)) return settledAs(role);
  return isBeingRemoved(current) ? current : { ...current, next: role };
}

/** The next state when the current one has expired, else null. */
export const nextLifecycle = (lifecycle: Lifecycle, now: number): Lifecycle['next'] =>
  lifecycle.until !== null && now >= lifecycle.until ? lifecycle.next : null;

/** Completes `next` for storage after `before`: sets `since`, `replacedBy` and `maintainedUntil`. */
export function withLifecycleDates(before: Lifecycle, next: Lifecycle, now: number): Lifecycle {
  const since = next.state === before.state ? before.since : now;
  const isMaintained = before.state === 'maintenance' && next.state !== 'maintenance';
  const maintainedUntil = isMaintained ? now : before.maintainedUntil;
  const replacedBy = roleOf(next) === 'standby' ? (next.replacedBy ?? before.replacedBy) : undefined;
  return {
    ...next,
    ...(replacedBy === undefined ? {} : { replacedBy }),
    ...(since === undefined ? {} : { since }),
    ...(maintainedUntil === undefined ? {} : { maintainedUntil }),
  };
}
