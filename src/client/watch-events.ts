/**
 * Follows the event log: each event once and in order, through whatever connections that takes.
 *
 * Comes back after a break with the last id it has seen. Where the log does not hold what comes next, that is told in
 * an event's place: who then reads a snapshot and goes on has missed nothing.
 */
import type { EventResource } from '../api/schemas/events/cloud-event.ts';
import type { Open } from './http-transport.ts';
import { readEventStream } from './read-event-stream.ts';
import { Backoff } from './backoff.ts';

export interface WatchQuery {
  /** Only events after this sequence; without it those to come. */
  readonly after?: string | number | undefined;
  readonly types?: readonly EventResource['type'][] | undefined;
  /** Only what is about that component, type or key. */
  readonly subject?: string | undefined;
  /** Told when a stream begins and when it ends: while there is none, nothing is told of. */
  readonly onConnection?: ((isOpen: boolean) => void) | undefined;
  /** Ends the watch, without an error. */
  readonly signal?: AbortSignal | undefined;
}

/** Events are missing: read `snapshot`; events after `newest` follow. */
export interface SnapshotRequired {
  readonly type: 'snapshot-required';
  readonly oldest: string;
  readonly newest: string;
  readonly snapshot: string;
}

/** The coordinator says something every 15 s. */
const QUIET_MS = 45_000;

/** Throws `CoordinatorError` when the coordinator refuses for good, such as for a key that is not valid any more. */
export async function* watchEvents(
  open: Open,
  { after, types, subject, onConnection, signal }: WatchQuery,
): AsyncGenerator<EventResource | SnapshotRequired, void> {
  const again = new Backoff(signal);
  let last = after === undefined ? null : String(after);
  while (!again.isOver) {
    try {
      const response = await open({
        path: '/v1/events/stream',
        query: { types, subject },
        headers: { accept: 'text/event-stream', ...(last === null ? {} : { 'last-event-id': last }) },
        signal,
      });
      onConnection?.(true);
      for await (const { id, event, data } of readEventStream(response.body!, QUIET_MS)) {
        again.succeeded();
        if (data !== '' && event === 'snapshot-required') {
          last = id;
          yield { type: event, ...JSON.parse(data) } as SnapshotRequired;
        } else if (last === null || Number(id) > Number(last)) {
          last = id;
          if (data !== '') yield JSON.parse(data) as EventResource;
        }
      }
      onConnection?.(false);
      // It ends now and then, for the reader to come again.
      await again.pause(Math.random() * 500);
    } catch (error) {
      onConnection?.(false);
      await again.after(error);
    }
  }
}
