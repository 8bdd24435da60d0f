/** A page of the event log, and whether a reader can continue from its position. */
import type { LoggedEvent } from './coordinator-event.ts';

export interface LogSpan {
  /** Sequence of the oldest stored event; `newest + 1` if the log is empty. */
  readonly oldest: number;
  /** Sequence of the last event; 0 before the first. */
  readonly newest: number;
}

export interface LogPage extends LogSpan {
  /** Ascending, or newest first if the query requests that order. */
  readonly items: LoggedEvent[];
  /** Whether more events match the query after the last item. */
  readonly more: boolean;
}

/**
 * Whether a reader that has all events up to `after` needs a snapshot. Either the log has dropped events that follow,
 * or the reader has seen events that the log does not have. The latter means that the log's storage was set back.
 */
export const isOutsideLog = (after: number, { oldest, newest }: LogSpan): boolean =>
  after < oldest - 1 || after > newest;

/** Sequence up to which an ascending page is complete for the reader. */
export const lastSeen = (page: LogPage): number => (page.more ? (page.items.at(-1)?.sequence ?? 0) : page.newest);
