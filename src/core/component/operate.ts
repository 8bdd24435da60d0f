/**
 * What an operator may ask of a component, and what it makes of its lifecycle. Pure.
 *
 * Asking twice is once: the same state with the same end changes nothing.
 */
import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import type { Lifecycle } from './lifecycle.ts';
import { isBeingRemoved, isSettled, setAside, settledAs } from './lifecycle.ts';

export const OPERATIONS = ['drain', 'restore', 'isolate', 'maintenance'] as const;
export type OperationName = (typeof OPERATIONS)[number];

/** Letting a standby take over, and back. */
export const SWITCHES = ['switchover', 'switchback'] as const;
export type SwitchName = (typeof SWITCHES)[number];

export interface Operation {
  readonly action: OperationName;
  /** How long, ms, from now on; null when `until` says it, or nothing does. */
  readonly forMs: number | null;
  /** Epoch ms. */
  readonly until: number | null;
  /** Why, for those who find it so. */
  readonly reason: string | null;
}

const STATES = { drain: 'draining', isolate: 'isolated', maintenance: 'maintenance' } as const;

/** Isolation without an end given: as long as a recovery isolates. */
const ISOLATION_MS = 300_000;
/** A call that is repeated comes a little later, and so does the end that it asks for. */
const SAME_END_MS = 10_000;

/** The lifecycle that follows, null when it is as asked for already. `role` is the one it registered. */
export function operate(
  current: Lifecycle,
  role: 'active' | 'standby',
  operation: Operation,
  now: number,
): Result<Lifecycle | null, 'being-removed'> {
  const { action, reason } = operation;
  if (action === 'restore') return ok(restored(current, role));
  if (isBeingRemoved(current)) return fail('being-removed', 'it drains before its removal; restore it to keep it');
  const state = STATES[action];
  const until = endOf(operation, now);
  if (current.state === state && isSameEnd(current.until, until, operation.until === null)) return ok(null);
  return ok({ ...setAside(current, state, until), reason });
}

function restored(current: Lifecycle, role: 'active' | 'standby'): Lifecycle | null {
  if (isSettled(current)) return null;
  return settledAs(current.next === 'active' || current.next === 'standby' ? current.next : role);
}

function endOf({ action, forMs, until }: Operation, now: number): number | null {
  if (until !== null) return until;
  if (forMs !== null) return now + forMs;
  return action === 'isolate' ? now + ISOLATION_MS : null;
}

function isSameEnd(a: number | null, b: number | null, isRelative: boolean): boolean {
  if (a === null || b === null) return a === b;
  return isRelative ? Math.abs(a - b) < SAME_END_MS : a === b;
}
