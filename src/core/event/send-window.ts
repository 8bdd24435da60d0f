/**
 * Send window of a reader that acknowledges events: sent and unacknowledged bytes, which may still be in memory.
 * Stored as at most `MAX_SPANS` spans, each acknowledged by its last event, so that its size does not depend on the
 * traffic.
 */
export interface SentSpan {
  /** Sequence of the last event in the span. */
  readonly upTo: number;
  readonly bytes: number;
}

export type SendWindow = readonly SentSpan[];

export const NOTHING_SENT: SendWindow = [];

/** A span takes events up to the window divided by this number; the last possible span takes all that follow. */
export const MAX_SPANS = 8;

export const bytesSent = (window: SendWindow): number => window.reduce((sum, { bytes }) => sum + bytes, 0);

/** Whether the next event may be sent. An event of any size may be sent if all earlier ones are acknowledged. */
export const hasCapacity = (window: SendWindow, windowBytes: number): boolean => bytesSent(window) < windowBytes;

export function recordSent(window: SendWindow, sent: SentSpan, windowBytes: number): SendWindow {
  const last = window.at(-1);
  const isFull = last !== undefined && last.bytes + sent.bytes > windowBytes / MAX_SPANS;
  if (!last || (isFull && window.length < MAX_SPANS)) return [...window, sent];
  return [...window.slice(0, -1), { upTo: sent.upTo, bytes: last.bytes + sent.bytes }];
}

/** Removes the spans that the reader has completely received, up to and including `upTo`. */
export const acknowledge = (window: SendWindow, upTo: number): SendWindow => window.filter((span) => span.upTo > upTo);
