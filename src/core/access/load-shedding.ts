/**
 * How many calls an isolate works on at once, and which it lets go when they are too many: lists before
 * lookups before changes before traffic, so that routing stands longest.
 *
 * A call whose end is never told (the platform may drop one in the middle) must not count for ever, so
 * calls are counted by the span they began in, and a span is forgotten with its successor.
 */
import type { RequestClass } from './request-class.ts';

export interface InFlight {
  /** Number of the current span. */
  readonly span: number;
  /** Calls that began in it. */
  readonly current: number;
  /** Calls that began in the span before. */
  readonly before: number;
}

/** A call counts for at least this long, and for less than twice as long. */
export const SPAN_MS = 60_000;

export const NOTHING_IN_FLIGHT: InFlight = { span: 0, current: 0, before: 0 };

/** From how many calls in flight on the next one of a class is let go. */
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

export function end(state: InFlight, begunAt: number, now: number): InFlight {
  const { span, current, before } = advance(state, now);
  const begunIn = spanOf(begunAt);
  if (begunIn === span) return { span, current: Math.max(0, current - 1), before };
  if (begunIn === span - 1) return { span, current, before: Math.max(0, before - 1) };
  return { span, current, before };
}

/** Part of the room of a class that the calls of one key may take. */
const SHARE_OF_KEY = 0.5;

/** Whether the next call of a class is let go, by the calls in flight and those of its key among them. */
export const mustShed = (requestClass: RequestClass, inFlight: number, ofKey: number): boolean =>
  inFlight >= MAX_IN_FLIGHT[requestClass] || ofKey >= MAX_IN_FLIGHT[requestClass] * SHARE_OF_KEY;

const spanOf = (at: number): number => Math.floor(at / SPAN_MS);

function advance(state: InFlight, now: number): InFlight {
  const span = spanOf(now);
  // A clock set back stays in the span that it had reached.
  if (span <= state.span) return state;
  return { span, current: 0, before: span === state.span + 1 ? state.current : 0 };
}
