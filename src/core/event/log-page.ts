/** What a reader of the event log is answered, and whether it can go on from where it stands. */
import type { LoggedEvent } from './coordinator-event.ts';

export interface LogSpan {
  /** Sequence of the oldest event that the log holds; one more than `newest` when it holds none. */
  readonly oldest: number;
  /** Of the last event; 0 before the first. */
  readonly newest: number;
}

export interface LogPage extends LogSpan {
  /** Ascending, or the newest first when those were asked for. */
  readonly items: LoggedEvent[];
  /** Whether there are more that the query wants after the last item. */
  readonly more: boolean;
}

/**
 * Whether somebody who has all events up to `after` misses some that the log holds no more, or has seen some that it
 * never had: then its storage was set back. Either way only a snapshot brings such a reader up to date.
 */
export const isOutside = (after: number, { oldest, newest }: LogSpan): boolean => after < oldest - 1 || after > newest;

/** Up to where a reader has seen all that it wants, after an ascending page. */
export const seenUpTo = (page: LogPage): number => (page.more ? (page.items.at(-1)?.sequence ?? 0) : page.newest);
