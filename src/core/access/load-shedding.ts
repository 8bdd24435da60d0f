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

/** Part of the limit of a class that calls of one key may use. */
const SHARE_OF_KEY = 0.5;

/** Whether the next call of a class is refused. `ofKey` counts the calls in flight with the same key. */
export const mustShed = (requestClass: RequestClass, inFlight: number, ofKey: number): boolean =>
  inFlight >= MAX_IN_FLIGHT[requestClass] || ofKey >= MAX_IN_FLIGHT[requestClass] * SHARE_OF_KEY;

const spanOf = (at: number): number => Math.floor(at / SPAN_MS);

function advance(state: InFlight, now: number): InFlight {
  const span = spanOf(now);
  // If the clock goes backwards, the state stays in the span that it had reached.
  if (span <= state.span) return state;
  return { span, current: 0, before: span === state.span + 1 ? state.current : 0 };
}
