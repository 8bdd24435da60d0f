/**
 * Snapshots that many readers of an isolate wait for: woken by one change, they share one reading. Only by readers
 * that know which index they want; who asks for the state as it is now is read one of its own.
 */
import { SharedCall } from '../../long-poll/shared-call.ts';
import type { Snapshot, SnapshotScope } from './read-snapshot.ts';
import { readSnapshot } from './read-snapshot.ts';
import type { LimitedReader } from '../../long-poll/reader-limit.ts';

interface Shelved extends Snapshot {
  readonly beganAt: number;
}

interface Place {
  shelved: Shelved | null;
  readonly reading: SharedCall;
  /** Until when each reads for itself, because what was read is too large to be kept, epoch ms. */
  largeUntil: number;
  /** Who reads, and what, when the next reading begins. */
  next: { readonly scope: SnapshotScope; readonly reader: LimitedReader } | null;
}

/** Loads move without the index: no longer than a moment. */
const KEPT_MS = 500;
const LARGE_MS = 10_000;

const places = new Map<string, Place>();

/**
 * One that shows what happened at `index`, which was current at `since` (epoch ms); null when it cannot be read,
 * `own` when each must read one for itself.
 */
export async function sharedSnapshot(
  scope: SnapshotScope,
  { index, since }: { readonly index: number; readonly since: number },
  reader: LimitedReader,
): Promise<Snapshot | null | 'own'> {
  const place = placeOf(scope);
  const isGood = ({ shelved }: Place): boolean =>
    shelved !== null &&
    (shelved.beganAt >= since || (shelved.index === index && Date.now() - shelved.beganAt < KEPT_MS));
  // One that is under way may have begun too early: then there is another.
  for (let tries = 0; tries < 2 && !isGood(place) && Date.now() >= place.largeUntil; tries++) {
    place.next = { scope, reader };
    if (!(await place.reading.join(reader))) return null;
  }
  return isGood(place) ? place.shelved : 'own';
}

function placeOf({ type }: SnapshotScope): Place {
  const name = type ?? '*';
  const before = places.get(name);
  if (before) return before;
  const place: Place = { shelved: null, largeUntil: 0, next: null, reading: new SharedCall(() => read(place)) };
  places.set(name, place);
  return place;
}

async function read(place: Place): Promise<void> {
  const beganAt = Date.now();
  const { scope, reader } = place.next!;
  const snapshot = await readSnapshot(scope, reader);
  if (!snapshot) throw new Error('not read');
  // A stream has one reader: each has to read its own.
  if (typeof snapshot.body !== 'string') {
    await snapshot.body.cancel();
    place.shelved = null;
    place.largeUntil = Date.now() + LARGE_MS;
    return;
  }
  clearShelf();
  place.shelved = { ...snapshot, beganAt };
}

/** What nobody will be given any more is not kept: a timer would end with the request that has set it. */
function clearShelf(): void {
  const now = Date.now();
  for (const place of places.values())
    if (place.shelved && Math.abs(now - place.shelved.beganAt) > 2 * KEPT_MS) place.shelved = null;
}
