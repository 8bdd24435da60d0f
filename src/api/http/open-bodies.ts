/**
 * The bodies that this isolate is reading. A body comes within moments; one that does not is held open on
 * purpose or by a broken line. So where room is short the one that has been open longest gives way: first
 * of the same key, so that no key takes the room of others.
 *
 * There is no timer and no count by key, because every call would pay for them: whoever comes ends those
 * that are over their time, and looks for its key among the open ones when there are many. An entry whose
 * request the platform dropped is never closed. It does no harm: it becomes the oldest.
 */

/** From when on a body is given up. */
export const MAX_READ_MS = 10_000;
const MAX_OPEN = 512;
const MAX_OPEN_OF_KEY = 128;
/** A quarter of what an isolate has. */
const MAX_HELD_BYTES = 33_554_432;

export interface OpenBody {
  readonly keyId: string;
  /** Epoch ms */
  readonly openedAt: number;
  /** Bytes that are in memory for it, or are about to be. */
  heldBytes: number;
  /** Tells its reader to stop. */
  readonly giveWay: () => void;
}

/**
 * In the order they were opened. Closed ones leave at once: whatever of a call outlives it costs more to clean up
 * than all the rest of it.
 */
const open = new Set<OpenBody>();
let heldBytes = 0;

/** Makes room for it, and counts it until it is closed. */
export function openBody(body: OpenBody): void {
  for (const oldest of open) {
    // A clock that went back ends nothing before its time.
    if (body.openedAt - oldest.openedAt < MAX_READ_MS) break;
    endBody(oldest);
  }
  if (open.size >= MAX_OPEN_OF_KEY) makeRoomFor(body.keyId);
  open.add(body);
  hold(body.heldBytes);
}

/** More of it is in memory. */
export function holdBytes(body: OpenBody, bytes: number): void {
  if (!open.has(body)) return;
  body.heldBytes += bytes;
  hold(bytes);
}

function hold(bytes: number): void {
  heldBytes += bytes;
  if (!isOverfull()) return;
  for (const oldest of open) {
    endBody(oldest);
    if (!isOverfull()) return;
  }
}

/** It is read, or given up; false when it was closed before. */
export function closeBody(body: OpenBody): boolean {
  if (!open.delete(body)) return false;
  heldBytes -= body.heldBytes;
  return true;
}

const isOverfull = (): boolean => heldBytes > MAX_HELD_BYTES;

function makeRoomFor(keyId: string): void {
  const ofKey = Array.from(open).filter((body) => body.keyId === keyId);
  const [oldestOfKey] = ofKey;
  const [oldest] = open;
  if (ofKey.length >= MAX_OPEN_OF_KEY && oldestOfKey) endBody(oldestOfKey);
  else if (open.size >= MAX_OPEN && oldest) endBody(oldest);
}

function endBody(body: OpenBody): void {
  closeBody(body);
  body.giveWay();
}
