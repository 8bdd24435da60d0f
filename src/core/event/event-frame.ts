/** Frames of the event log as server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
import { toCloudEvent } from './cloud-event.ts';
import type { LoggedEvent } from './coordinator-event.ts';
import type { LogSpan } from './log-page.ts';

/** Time after which a disconnected reader reconnects, ms. */
const RETRY_MS = 2_000;

export const SNAPSHOT_PATH = '/v1/snapshot';

export const eventFrame = (event: LoggedEvent): string =>
  `id: ${event.sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(toCloudEvent(event))}\n\n`;

/** A frame with an id alone dispatches no event, but sets the `Last-Event-ID` of the next connection. */
export const positionFrame = (position: number): string => `id: ${position}\n\n`;

export const openingFrame = (position: number): string =>
  `: after ${position}\nretry: ${RETRY_MS}\nid: ${position}\n\n`;

export const KEEP_ALIVE_FRAME = ': nothing new\n\n';

/** Reports that the log no longer has events that the reader needs. The stream continues at the end of the log. */
export function snapshotRequiredFrame({ oldest, newest }: LogSpan): string {
  const data = { oldest: String(oldest), newest: String(newest), snapshot: SNAPSHOT_PATH };
  return `id: ${newest}\nevent: snapshot-required\ndata: ${JSON.stringify(data)}\n\n`;
}
