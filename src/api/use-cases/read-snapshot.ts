/**
 * Snapshot of all components of one type, or of all types, as one JSON document with its index.
 *
 * Registries return pages of JSON text, which are concatenated without parsing. A small document is assembled first, so
 * the reader receives all of it or an error. A large document is streamed, and the stream fails where a page cannot be
 * read.
 *
 * Invariant: the document contains every change up to its index.
 */
import { sequenceWatch } from '../../edge/sequence-watch.ts';
import type { WatchedIndex } from '../../long-poll/watched-index.ts';
import { succeedsWithin } from '../../long-poll/succeeds-within.ts';
import { registryOf } from '../../registry/contract/registry-api.ts';
import { revisionWatch } from '../../edge/revision-watch.ts';
import type { SnapshotPage } from '../../registry/contract/snapshot-api.ts';
import type { LimitedReader } from '../../long-poll/reader-limit.ts';
import { ReaderLimit } from '../../long-poll/reader-limit.ts';
import { logError } from '../../logging/log-error.ts';

export interface Snapshot {
  readonly index: number;
  readonly body: string | ReadableStream<Uint8Array>;
}

/** Watch of a scope's index: the type's revision, or the event sequence for all types. */
export const watchOf = ({ type }: Pick<SnapshotScope, 'type'>): WatchedIndex =>
  type === null ? sequenceWatch : revisionWatch(type);

export interface SnapshotScope {
  /** Null for all types. */
  readonly type: string | null;
  /** Types whose components the snapshot contains. Called after the index was read. */
  readonly readTypes: () => Promise<readonly string[]>;
}

/** Maximum length of a document that is assembled before it is sent. */
const MAX_WHOLE_CHARACTERS = 2_097_152;
/** Bound on calls to Durable Objects. Cloudflare ends a request that makes too many subrequests. */
const MAX_CALLS = 900;
const PAGE_TIMEOUT_MS = 5_000;

/** Length from which a document needs a slot in `largeReaders`: each large document uses a few MiB of memory. */
const LARGE_CHARACTERS = 262_144;
const largeReaders = new ReaderLimit({ all: 24, perHolder: 12 });

const encoder = new TextEncoder();

/** Reads a snapshot; null when any part cannot be read. */
export async function readSnapshot(scope: SnapshotScope, reader: LimitedReader): Promise<Snapshot | null> {
  let slot: LimitedReader | null = null;
  let isSent = false;
  try {
    // Read the sequence first. A change made meanwhile may be in the items, but its sequence is after the index.
    const sequence = scope.type === null ? await sequenceWatch.read(reader) : 0;
    if (sequence === null) return null;
    const pages = pagesOf(await scope.readTypes(), reader);
    const texts: string[] = [];
    let [index, length] = [sequence, 0];
    for (let isFirst = true; length <= MAX_WHOLE_CHARACTERS; isFirst = false) {
      const { done, value } = await pages.next();
      if (done) return { index, body: `${head(index)}${texts.join(',')}]}` };
      // Revisions only grow, so the first page has the lowest.
      if (isFirst && scope.type !== null) {
        index = value.revision;
        revisionWatch(scope.type).noteAtLeast(index);
      }
      if (value.json === '') continue;
      texts.push(value.json);
      length += value.json.length;
      if (length > LARGE_CHARACTERS) slot ??= enterLargeReaders(reader);
    }
    const body = streamPages(`${head(index)}${texts.join(',')}`, pages, (slot ??= enterLargeReaders(reader)));
    isSent = true;
    return { index, body };
  } catch (error) {
    logError('snapshot not read', { type: scope.type, error });
    return null;
  } finally {
    if (slot && !isSent) largeReaders.leave(slot);
  }
}

function enterLargeReaders({ holderId, waitUntil }: LimitedReader): LimitedReader {
  const slot = largeReaders.enter(holderId, waitUntil);
  if (typeof slot === 'string') throw new Error('too many large snapshots are being read or sent');
  return slot;
}

const head = (index: number): string => `{"index":${index},"items":[`;

/** Yields the pages of one type after another. Throws when a page cannot be read. */
async function* pagesOf(types: readonly string[], reader: LimitedReader): AsyncGenerator<SnapshotPage, void> {
  for (const type of types) {
    let revision = 0;
    for (let after: string | null = null, isLast = false; !isLast;) {
      if (++reader.calls > MAX_CALLS) throw new Error('the snapshot needs too many calls for one request');
      const request: Promise<SnapshotPage> = registryOf(type).snapshotPage(after);
      if (!(await succeedsWithin(request, PAGE_TIMEOUT_MS)))
        throw new Error(`the registry of ${type} did not respond within ${PAGE_TIMEOUT_MS} ms`);
      const page = await request;
      if (page.revision < revision) throw new Error(`the revision of ${type} went backwards`);
      revision = page.revision;
      yield page;
      after = page.next;
      isLast = after === null;
    }
  }
}

/** Streams the pages. The next page is read after the reader consumed the previous one. */
function streamPages(
  prefix: string,
  pages: AsyncGenerator<SnapshotPage, void>,
  slot: LimitedReader,
): ReadableStream<Uint8Array> {
  let first: string | null = prefix;
  /** The next page with items; null after the last. */
  const next = async (): Promise<string | null> => {
    for (;;) {
      const { done, value } = await pages.next();
      if (done) return null;
      if (value.json !== '') return value.json;
    }
  };
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      slot.seenAt = Date.now();
      if (first !== null) {
        controller.enqueue(encoder.encode(first));
        first = null;
        return;
      }
      try {
        const json = await next();
        if (json !== null) return controller.enqueue(encoder.encode(`,${json}`));
      } catch (error) {
        largeReaders.leave(slot);
        throw error;
      }
      largeReaders.leave(slot);
      controller.enqueue(encoder.encode(']}'));
      controller.close();
    },
    async cancel() {
      largeReaders.leave(slot);
      await pages.return();
    },
  });
}
