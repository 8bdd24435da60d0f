/** The event log as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
import { toCloudEvent } from './cloud-event.ts';
import type { LoggedEvent } from './coordinator-event.ts';
import type { LogSpan } from './log-page.ts';

/** How long a reader waits before it comes back, ms. */
const RETRY_MS = 2_000;

export const SNAPSHOT_PATH = '/v1/snapshot';

export const eventFrame = (event: LoggedEvent): string =>
  `id: ${event.sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(toCloudEvent(event))}\n\n`;

/** An id alone is no event to a reader, and yet what it comes back with. */
export const placeFrame = (place: number): string => `id: ${place}\n\n`;

export const openingFrame = (place: number): string => `: after ${place}\nretry: ${RETRY_MS}\nid: ${place}\n\n`;

export const QUIET_FRAME = ': nothing new\n\n';

/** The reader misses events that nobody can bring it any more; it goes on at the end of the log. */
export function snapshotRequiredFrame({ oldest, newest }: LogSpan): string {
  const data = { oldest: String(oldest), newest: String(newest), snapshot: SNAPSHOT_PATH };
  return `id: ${newest}\nevent: snapshot-required\ndata: ${JSON.stringify(data)}\n\n`;
}
