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
/** How many closed ones may stand at the head of the queue. */
const COMPACT_AFTER = 1_024;

export interface OpenBody {
  readonly keyId: string;
  /** Epoch ms */
  readonly openedAt: number;
  /** Bytes in memory for it. */
  heldBytes: number;
  isClosed: boolean;
  /** Tells its reader to stop. */
  readonly giveWay: () => void;
}

/** In the order they were opened; those that are closed leave when it is their turn to be looked at. */
let queue: OpenBody[] = [];
let head = 0;
let openCount = 0;
let heldBytes = 0;

/** Makes room for it, and counts it until it is closed. */
export function openBody(body: OpenBody): void {
  for (let oldest = oldestOpen(); oldest; oldest = oldestOpen()) {
    // A clock that went back ends nothing before its time.
    if (body.openedAt - oldest.openedAt < MAX_READ_MS) break;
    endBody(oldest);
  }
  if (openCount >= MAX_OPEN_OF_KEY) makeRoomFor(body.keyId);
  queue.push(body);
  openCount += 1;
}

/** More of it is in memory, or is about to be. */
export function holdBytes(body: OpenBody, bytes: number): void {
  if (body.isClosed) return;
  body.heldBytes += bytes;
  heldBytes += bytes;
  for (let oldest = oldestOpen(); oldest && isOverfull(); oldest = oldestOpen()) endBody(oldest);
}

const isOverfull = (): boolean => heldBytes > MAX_HELD_BYTES;

/** It is read, or given up; closing it again changes nothing. */
export function closeBody(body: OpenBody): void {
  if (body.isClosed) return;
  body.isClosed = true;
  openCount -= 1;
  heldBytes -= body.heldBytes;
}

/** The one that has been open longest. */
function oldestOpen(): OpenBody | undefined {
  while (head < queue.length && queue[head]!.isClosed) head += 1;
  if (head === queue.length || head >= COMPACT_AFTER) {
    queue = queue.slice(head);
    head = 0;
  }
  return queue[head];
}

function makeRoomFor(keyId: string): void {
  const ofKey = queue.filter((body) => !body.isClosed && body.keyId === keyId);
  const [oldestOfKey] = ofKey;
  const oldest = oldestOpen();
  if (ofKey.length >= MAX_OPEN_OF_KEY && oldestOfKey) endBody(oldestOfKey);
  else if (openCount >= MAX_OPEN && oldest) endBody(oldest);
}

function endBody(body: OpenBody): void {
  closeBody(body);
  body.giveWay();
}
