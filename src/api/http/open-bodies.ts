/**
 * Request bodies that this isolate is reading, bounded in number, bytes and time. At a limit the oldest body is
 * evicted, because a slow body is held open on purpose or by a broken connection. The limit per account evicts within
 * that account, and the limit of bytes evicts from the account with the most: no account displaces others.
 *
 * A timer or a counter per account would cost every call. Instead, each new body evicts expired ones, and bodies per
 * account are counted only when many are open. If the platform drops a request, its entry stays until eviction as the
 * oldest.
 */

/** Time limit for one body. */
export const MAX_READ_MS = 10_000;
const MAX_OPEN = 512;
const MAX_OPEN_OF_ACCOUNT = 128;
/** A quarter of an isolate's memory of 128 MiB. */
const MAX_BUFFERED_BYTES = 33_554_432;

export interface OpenBody {
  readonly accountId: string;
  /** Epoch ms. */
  readonly openedAt: number;
  /** Bytes in memory for the body, including those announced by Content-Length. */
  bufferedBytes: number;
  /** Called on eviction. */
  readonly onEvicted: () => void;
}

/**
 * Open bodies in the order of opening. A closed body is removed at once: state that outlives its call costs more to
 * clean up than the rest of the call.
 */
const open = new Set<OpenBody>();
let bufferedBytes = 0;

/** Evicts bodies beyond the limits, then counts `body` until it is closed. */
export function openBody(body: OpenBody): void {
  for (const oldest of open) {
    // After a clock step backwards no body counts as expired.
    if (body.openedAt - oldest.openedAt < MAX_READ_MS) break;
    evictBody(oldest);
  }
  if (open.size >= MAX_OPEN_OF_ACCOUNT) evictFor(body.accountId);
  open.add(body);
  addBytes(body.bufferedBytes);
}

/** Counts further bytes of an open body. */
export function growBody(body: OpenBody, bytes: number): void {
  if (!open.has(body)) return;
  body.bufferedBytes += bytes;
  addBytes(bytes);
}

function addBytes(bytes: number): void {
  bufferedBytes += bytes;
  while (isOverLimit() && open.size > 0) evictBody(oldestOfHeaviest());
}

/** The oldest body of the account that buffers the most bytes. */
function oldestOfHeaviest(): OpenBody {
  const bytesOf = new Map<string, number>();
  for (const { accountId, bufferedBytes: bytes } of open) bytesOf.set(accountId, (bytesOf.get(accountId) ?? 0) + bytes);
  const [heaviest] = Array.from(bytesOf).toSorted(([, a], [, b]) => b - a)[0]!;
  return Array.from(open).find(({ accountId }) => accountId === heaviest)!;
}

/** Removes a body that was read or abandoned; false when it was closed before. */
export function closeBody(body: OpenBody): boolean {
  if (!open.delete(body)) return false;
  bufferedBytes -= body.bufferedBytes;
  return true;
}

const isOverLimit = (): boolean => bufferedBytes > MAX_BUFFERED_BYTES;

function evictFor(accountId: string): void {
  const ofAccount = Array.from(open).filter((body) => body.accountId === accountId);
  const [oldestOfAccount] = ofAccount;
  const [oldest] = open;
  if (ofAccount.length >= MAX_OPEN_OF_ACCOUNT && oldestOfAccount) evictBody(oldestOfAccount);
  else if (open.size >= MAX_OPEN && oldest) evictBody(oldest);
}

function evictBody(body: OpenBody): void {
  closeBody(body);
  body.onEvicted();
}
