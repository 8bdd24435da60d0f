/**
 * Load shedding: the number of concurrent calls of an isolate, and the class of calls that is refused when there are
 * too many. Lists are refused before lookups, lookups before changes, changes before traffic. Routing therefore works
 * longest.
 *
 * The platform may drop a call without reporting its end, and such a call must not count for ever. Calls are therefore
 * counted by the time span in which they started, and a span is forgotten when its successor ends.
 */
import type { RequestClass } from './request-class.ts';

export interface InFlight {
  /** Number of the current span. */
  readonly span: number;
  /** Calls that started in the current span. */
  readonly current: number;
  /** Calls that started in the previous span. */
  readonly before: number;
}

/** A call counts for at least this long, ms, and for less than twice as long. */
export const SPAN_MS = 60_000;

export const NOTHING_IN_FLIGHT: InFlight = { span: 0, current: 0, before: 0 };

/** Number of calls in flight from which the next call of a class is refused. */
export const MAX_IN_FLIGHT: Readonly<Record<RequestClass, number>> = {
  list: 64,
  lookup: 192,
  change: 384,
  traffic: 1_024,
};

export const inFlightAt = (state: InFlight, now: number): number => {
  const { current, before } = advance(state, now);
  return current + before;
};

export function begin(state: InFlight, now: number): InFlight {
  const { span, current, before } = advance(state, now);
  return { span, current: current + 1, before };
}

export function end(state: InFlight, startedAt: number, now: number): InFlight {
  const { span, current, before } = advance(state, now);
  const startSpan = spanOf(startedAt);
  if (startSpan === span) return { span, current: Math.max(0, current - 1), before };
  if (startSpan === span - 1) return { span, current, before: Math.max(0, before - 1) };
  return { span, current, before };
}

/** Part of the limit of a class that calls of one account may use. */
const SHARE_OF_ACCOUNT = 0.5;
/** Calls that wait for something outside the coordinator; they cost nothing while they wait. */
export const MAX_HELD = { all: 256, ofAccount: 32 } as const;

/** `too-many-in-flight`: the account uses its share. `overloaded`: all accounts together use the isolate. */
export type ShedReason = 'too-many-in-flight' | 'overloaded';

/** Why the next call of a class is refused; null if it is not. `ofAccount` counts the account's calls in flight. */
export function shedReason(requestClass: RequestClass, inFlight: number, ofAccount: number): ShedReason | null {
  if (!countsFor(requestClass, ofAccount)) return 'too-many-in-flight';
  return inFlight >= MAX_IN_FLIGHT[requestClass] ? 'overloaded' : null;
}

/** The same for a call that waits for something outside. */
export function heldReason(inFlight: number, ofAccount: number): ShedReason | null {
  if (ofAccount >= MAX_HELD.ofAccount) return 'too-many-in-flight';
  return inFlight >= MAX_HELD.all ? 'overloaded' : null;
}

/**
 * Whether an account's next call counts towards the limit of a class, whatever its own class is. Beyond the account's
 * share it does not: many changes of one account must not make others' lists be refused.
 */
export const countsFor = (requestClass: RequestClass, ofAccount: number): boolean =>
  ofAccount < MAX_IN_FLIGHT[requestClass] * SHARE_OF_ACCOUNT;

const spanOf = (at: number): number => Math.floor(at / SPAN_MS);

function advance(state: InFlight, now: number): InFlight {
  const span = spanOf(now);
  // If the clock goes backwards, the state stays in the span that it had reached.
  if (span <= state.span) return state;
  return { span, current: 0, before: span === state.span + 1 ? state.current : 0 };
}
