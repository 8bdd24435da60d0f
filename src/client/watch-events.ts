/**
 * Reader of the event log over server-sent events, which yields each event once and in order.
 *
 * Reconnects with the last id seen. Yields `SnapshotRequired` where the log no longer holds the next events. A caller
 * that then reads a snapshot and goes on misses no state.
 */
import type { EventResource } from '../api/schemas/events/cloud-event.ts';
import type { SendRaw } from './http-transport.ts';
import { readEventStream } from './read-event-stream.ts';
import { Backoff } from './backoff.ts';

export interface EventWatchQuery {
  /** Only events after this sequence; without it, only future events. */
  readonly after?: string | number | undefined;
  readonly types?: readonly EventResource['type'][] | undefined;
  /** Only events about this component, type or key. */
  readonly subject?: string | undefined;
  /** Called when a stream opens and when it closes. Without an open stream, no event arrives. */
  readonly onConnection?: ((isOpen: boolean) => void) | undefined;
  /** Ends the watch without an error. */
  readonly signal?: AbortSignal | undefined;
}

/** The log no longer holds the next events: read the path `snapshot`. Events after `newest` follow. */
export interface SnapshotRequired {
  readonly type: 'snapshot-required';
  readonly oldest: string;
  readonly newest: string;
  readonly snapshot: string;
}

/** The coordinator sends at least one frame every 15 s. */
const IDLE_TIMEOUT_MS = 45_000;

/** Throws `CoordinatorError` on a refusal that no retry can change, such as a revoked key. */
export async function* watchEvents(
  sendRaw: SendRaw,
  { after, types, subject, onConnection, signal }: EventWatchQuery,
): AsyncGenerator<EventResource | SnapshotRequired, void> {
  const backoff = new Backoff(signal);
  let lastId = after === undefined ? null : String(after);
  while (!backoff.isAborted) {
    try {
      const response = await sendRaw({
        path: '/v1/events/stream',
        query: { types, subject },
        headers: { accept: 'text/event-stream', ...(lastId === null ? {} : { 'last-event-id': lastId }) },
        signal,
      });
      onConnection?.(true);
      for await (const { id, event, data } of readEventStream(response.body!, IDLE_TIMEOUT_MS)) {
        backoff.reset();
        if (data !== '' && event === 'snapshot-required') {
          lastId = id;
          yield { type: event, ...JSON.parse(data) } as SnapshotRequired;
        } else if (lastId === null || Number(id) > Number(lastId)) {
          lastId = id;
          if (data !== '') yield JSON.parse(data) as EventResource;
        }
      }
      onConnection?.(false);
      // The coordinator closes each stream from time to time and expects its reader to reconnect.
      await backoff.pause(Math.random() * 500);
    } catch (error) {
      onConnection?.(false);
      await backoff.waitAfter(error);
    }
  }
}
