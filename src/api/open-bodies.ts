/**
 * The bodies that this isolate is reading. A body comes within moments; one that does not is held open on
 * purpose or by a broken line. So where room is short the one that has been open longest gives way: first
 * of the same key, so that no key takes the room of others.
 *
 * An entry whose request the platform dropped is never closed. It does no harm: it becomes the oldest.
 */
const MAX_OPEN = 512;
const MAX_OPEN_OF_KEY = 128;
/** A quarter of what an isolate has. */
const MAX_HELD_BYTES = 33_554_432;

export interface OpenBody {
  readonly keyId: string;
  /** Bytes in memory for it. */
  heldBytes: number;
  /** Tells its reader to stop. */
  readonly giveWay: () => void;
}

/** In the order they were opened. */
const open = new Set<OpenBody>();
const openOfKey = new Map<string, Set<OpenBody>>();
let heldBytes = 0;

export function openBody(keyId: string, giveWay: () => void): OpenBody {
  const ofKey = openOfKey.get(keyId) ?? new Set();
  if (ofKey.size >= MAX_OPEN_OF_KEY) endOldest(ofKey);
  else if (open.size >= MAX_OPEN) endOldest(open);
  const body: OpenBody = { keyId, heldBytes: 0, giveWay };
  open.add(body);
  openOfKey.set(keyId, ofKey.add(body));
  return body;
}

/** More of it is in memory, or is about to be. */
export function holdBytes(body: OpenBody, bytes: number): void {
  if (!open.has(body)) return;
  body.heldBytes += bytes;
  heldBytes += bytes;
  for (const oldest of open) {
    if (heldBytes <= MAX_HELD_BYTES) return;
    endBody(oldest);
  }
}

/** It is read, or given up; closing it again changes nothing. */
export function closeBody(body: OpenBody): void {
  if (!open.delete(body)) return;
  heldBytes -= body.heldBytes;
  const ofKey = openOfKey.get(body.keyId);
  ofKey?.delete(body);
  if (ofKey?.size === 0) openOfKey.delete(body.keyId);
}

function endOldest(bodies: ReadonlySet<OpenBody>): void {
  const [oldest] = bodies;
  if (oldest) endBody(oldest);
}

function endBody(body: OpenBody): void {
  closeBody(body);
  body.giveWay();
}
