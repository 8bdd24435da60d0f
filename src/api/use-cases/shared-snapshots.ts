/**
 * Snapshots shared by the waiting readers of an isolate: when a change wakes them, they share one read. Only readers
 * that wait for an index share. A reader that requests the current state reads its own snapshot.
 */
import { SharedCall } from '../../long-poll/shared-call.ts';
import type { Snapshot, SnapshotScope } from './read-snapshot.ts';
import { readSnapshot } from './read-snapshot.ts';
import type { LimitedReader } from '../../long-poll/reader-limit.ts';

interface CachedSnapshot extends Snapshot {
  readonly beganAt: number;
}

interface SharedRead {
  cached: CachedSnapshot | null;
  readonly call: SharedCall;
  /** Epoch ms until which each reader reads its own snapshot, because the last one was too large to cache. */
  unsharedUntil: number;
  /** Scope of the next read, and the reader whose request performs it. */
  nextRead: { readonly scope: SnapshotScope; readonly reader: LimitedReader } | null;
}

/** Maximum age of a snapshot with the wanted index: loads change without a new index. */
const MAX_AGE_MS = 500;
const UNSHARED_MS = 10_000;

const sharedReads = new Map<string, SharedRead>();

/**
 * Returns a snapshot that includes the change at `index`, which was current at `since` (epoch ms). Returns null when
 * the snapshot cannot be read, and `own` when the reader must read one itself.
 */
export async function sharedSnapshot(
  scope: SnapshotScope,
  { index, since }: { readonly index: number; readonly since: number },
  reader: LimitedReader,
): Promise<Snapshot | null | 'own'> {
  const shared = sharedReadOf(scope);
  const isUsable = ({ cached }: SharedRead): boolean =>
    cached !== null &&
    (cached.beganAt >= since || (cached.index === index && Date.now() - cached.beganAt < MAX_AGE_MS));
  // A read in progress may have begun before `since`, so a second one may be needed.
  for (let attempt = 0; attempt < 2 && !isUsable(shared) && Date.now() >= shared.unsharedUntil; attempt++) {
    shared.nextRead = { scope, reader };
    if (!(await shared.call.join(reader))) return null;
  }
  return isUsable(shared) ? shared.cached : 'own';
}

function sharedReadOf({ type }: SnapshotScope): SharedRead {
  const name = type ?? '*';
  const before = sharedReads.get(name);
  if (before) return before;
  const shared: SharedRead = {
    cached: null,
    unsharedUntil: 0,
    nextRead: null,
    call: new SharedCall(() => read(shared)),
  };
  sharedReads.set(name, shared);
  return shared;
}

async function read(shared: SharedRead): Promise<void> {
  const beganAt = Date.now();
  const { scope, reader } = shared.nextRead!;
  const snapshot = await readSnapshot(scope, reader);
  if (!snapshot) throw new Error('snapshot not read');
  // A stream serves a single reader, so a large snapshot cannot be shared.
  if (typeof snapshot.body !== 'string') {
    await snapshot.body.cancel();
    shared.cached = null;
    shared.unsharedUntil = Date.now() + UNSHARED_MS;
    return;
  }
  evictExpired();
  shared.cached = { ...snapshot, beganAt };
}

/** Drops expired snapshots at each read. A timer would end with the request that set it. */
function evictExpired(): void {
  const now = Date.now();
  for (const shared of sharedReads.values())
    if (shared.cached && Math.abs(now - shared.cached.beganAt) > 2 * MAX_AGE_MS) shared.cached = null;
}
