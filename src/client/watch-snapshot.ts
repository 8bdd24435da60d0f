/** Reads and watches snapshots of the components; the watch is a sequence of blocking queries. */
import type { SnapshotResource } from '../api/schemas/snapshot.ts';
import type { Send } from './http-transport.ts';
import { MIN_WAIT_MS, querySignal } from './blocking-query.ts';
import { Backoff } from './backoff.ts';

export interface SnapshotQuery {
  /** Only components of this type; without it, of all types. */
  readonly type?: string | undefined;
  /** The index of the snapshot that the caller has. */
  readonly index?: number | undefined;
  /** How long to wait for another index, ms, at most 300 000. */
  readonly wait?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const WAIT_MS = 60_000;

/** Returns null when the index has not changed. */
export async function readSnapshot(
  send: Send,
  { type, index, wait, signal }: SnapshotQuery,
): Promise<SnapshotResource | null> {
  const query = { type, index, wait };
  const { status, body } = await send({ path: '/v1/snapshot', query, signal: querySignal(wait ?? 0, signal) });
  return status === 304 ? null : (body as SnapshotResource);
}

/**
 * Yields the current snapshot first, unless `index` shows that the caller has it. Throws `CoordinatorError` on a
 * refusal that no retry can change.
 */
export async function* watchSnapshot(
  send: Send,
  { type, index, wait = WAIT_MS, signal }: SnapshotQuery,
): AsyncGenerator<SnapshotResource, void> {
  const backoff = new Backoff(signal);
  let knownIndex = index;
  while (!backoff.isAborted) {
    try {
      const snapshot = await readSnapshot(send, { type, index: knownIndex, wait: Math.max(MIN_WAIT_MS, wait), signal });
      backoff.reset();
      if (!snapshot) continue;
      // A lower index is valid too: the coordinator's storage was restored to an earlier state.
      knownIndex = snapshot.index;
      yield snapshot;
    } catch (error) {
      await backoff.waitAfter(error);
    }
  }
}
