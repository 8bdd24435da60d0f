/**
 * What was sent to a reader that acknowledges, and has not been acknowledged: what may still lie in memory for it.
 * Kept as a few spans, each of them acknowledged with its last event, so that it stays small however much is sent.
 */
export interface SentSpan {
  /** Sequence of its last event. */
  readonly upTo: number;
  readonly bytes: number;
}

export type SendWindow = readonly SentSpan[];

export const NOTHING_SENT: SendWindow = [];

/** Of the room for all that is not acknowledged: a span takes no more before the next begins. */
const SPANS = 8;

export const bytesSent = (window: SendWindow): number => window.reduce((sum, { bytes }) => sum + bytes, 0);

/** Whether the next event may be sent: one always may when all before is acknowledged, however large it is. */
export const hasWindow = (window: SendWindow, roomBytes: number): boolean => bytesSent(window) < roomBytes;

export function noteSent(window: SendWindow, sent: SentSpan, roomBytes: number): SendWindow {
  const last = window.at(-1);
  if (!last || last.bytes + sent.bytes > roomBytes / SPANS) return [...window, sent];
  return [...window.slice(0, -1), { upTo: sent.upTo, bytes: last.bytes + sent.bytes }];
}

/** The reader has all up to that sequence. */
export const noteAcknowledged = (window: SendWindow, upTo: number): SendWindow =>
  window.filter((span) => span.upTo > upTo);
