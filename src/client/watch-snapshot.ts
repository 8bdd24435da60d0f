/** The state of the fleet, each time that it has changed: one blocking query after the other. */
import type { SnapshotResource } from '../api/schemas/snapshot.ts';
import type { Send } from './http-transport.ts';
import { MIN_WAIT_MS, signalFor } from './blocking-query.ts';
import { Backoff } from './backoff.ts';

export interface SnapshotQuery {
  /** Of one type; without it of all. */
  readonly type?: string | undefined;
  /** The index that the caller has. */
  readonly index?: number | undefined;
  /** How long to wait for another, ms, up to 300 000. */
  readonly wait?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const WAIT_MS = 60_000;

/** Null when the index has not moved. */
export async function readSnapshot(
  send: Send,
  { type, index, wait, signal }: SnapshotQuery,
): Promise<SnapshotResource | null> {
  const query = { type, index, wait };
  const { status, body } = await send({ path: '/v1/snapshot', query, signal: signalFor(wait ?? 0, signal) });
  return status === 304 ? null : (body as SnapshotResource);
}

/** Begins with the state as it is, unless that has the `index` given. Throws when the coordinator refuses for good. */
export async function* watchSnapshot(
  send: Send,
  { type, index, wait = WAIT_MS, signal }: SnapshotQuery,
): AsyncGenerator<SnapshotResource, void> {
  const again = new Backoff(signal);
  let known = index;
  while (!again.isOver) {
    try {
      const snapshot = await readSnapshot(send, { type, index: known, wait: Math.max(MIN_WAIT_MS, wait), signal });
      again.succeeded();
      if (!snapshot) continue;
      // Also when it went back: then the storage was set back, and this is the state that there is.
      known = snapshot.index;
      yield snapshot;
    } catch (error) {
      await again.after(error);
    }
  }
}
