/**
 * Lifecycle operations that an operator can request.
 *
 * Invariant: operations are idempotent. The same state with the same end changes nothing.
 */
import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import type { Lifecycle } from './lifecycle.ts';
import { isBeingRemoved, isSettled, takeOutOfService, settledAs } from './lifecycle.ts';

export const OPERATIONS = ['drain', 'restore', 'isolate', 'maintenance'] as const;
export type OperationName = (typeof OPERATIONS)[number];

/** Operations that move work to a standby and back. */
export const SWITCHES = ['switchover', 'switchback'] as const;
export type SwitchName = (typeof SWITCHES)[number];

export interface Operation {
  readonly action: OperationName;
  /** Duration from now, ms; null when `until` is given, or when there is no end. */
  readonly durationMs: number | null;
  /** Epoch ms. */
  readonly until: number | null;
  /** The operator's reason, shown with the component. */
  readonly reason: string | null;
}

const STATES = { drain: 'draining', isolate: 'isolated', maintenance: 'maintenance' } as const;

/** Isolation without a given end lasts as long as a recovery's default isolation. */
const DEFAULT_ISOLATION_MS = 300_000;
/** A repeated request with a relative end arrives a little later, so its end is a little later too. */
const END_TOLERANCE_MS = 10_000;

/** Returns the next lifecycle, or null when the component is already as requested. `role` is the registered role. */
export function applyOperation(
  current: Lifecycle,
  role: 'active' | 'standby',
  operation: Operation,
  now: number,
): Result<Lifecycle | null, 'being-removed'> {
  const { action, reason } = operation;
  if (action === 'restore') return ok(restored(current, role));
  if (isBeingRemoved(current))
    return fail('being-removed', 'the component is draining before its removal; restore it to keep it');
  const state = STATES[action];
  const until = endOf(operation, now);
  if (current.state === state && isSameEnd(current.until, until, operation.until === null)) return ok(null);
  return ok({ ...takeOutOfService(current, state, until), reason });
}

function restored(current: Lifecycle, role: 'active' | 'standby'): Lifecycle | null {
  if (isSettled(current)) return null;
  return settledAs(current.next === 'active' || current.next === 'standby' ? current.next : role);
}

function endOf({ action, durationMs, until }: Operation, now: number): number | null {
  if (until !== null) return until;
  if (durationMs !== null) return now + durationMs;
  return action === 'isolate' ? now + DEFAULT_ISOLATION_MS : null;
}

function isSameEnd(a: number | null, b: number | null, isRelative: boolean): boolean {
  if (a === null || b === null) return a === b;
  return isRelative ? Math.abs(a - b) < END_TOLERANCE_MS : a === b;
}
