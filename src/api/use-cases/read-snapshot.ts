/**
 * All components of a type, or of all types, as one JSON document with its index: nothing up to the index is missing.
 *
 * Registries answer text in pages, which is passed on as it is: a document that is small is put together, so that
 * it is whole or refused; a large one is sent as it is read, and breaks off where it cannot be read on.
 */
import { sequenceWatch } from '../../edge/sequence-watch.ts';
import type { WatchedIndex } from '../../long-poll/watched-index.ts';
import { settlesWithin } from '../../long-poll/with-timeout.ts';
import { registryOf } from '../../registry/contract/registry-api.ts';
import { revisionWatch } from '../../edge/revision-watch.ts';
import type { SnapshotPage } from '../../registry/contract/snapshot-api.ts';
import type { LimitedReader } from '../../long-poll/reader-limit.ts';
import { ConcurrencyLimit } from '../../long-poll/reader-limit.ts';

export interface Snapshot {
  readonly index: number;
  readonly body: string | ReadableStream<Uint8Array>;
}

/** Where the index of a scope is watched. */
export const watchOf = ({ type }: Pick<SnapshotScope, 'type'>): WatchedIndex =>
  type === null ? sequenceWatch : revisionWatch(type);

export interface SnapshotScope {
  /** Null for all. */
  readonly type: string | null;
  /** Of which it holds the components; asked for once its index is known. */
  readonly typesNow: () => Promise<readonly string[]>;
}

/** Characters up to which a document is put together. */
const MAX_WHOLE = 2_097_152;
/** The platform ends a request that makes too many. */
const MAX_CALLS = 900;
const PAGE_WITHIN_MS = 5_000;

/** Characters from which on it has a place among those that are read and sent, each of which holds a few MiB. */
const LARGE = 262_144;
const large = new ConcurrencyLimit({ all: 24, ofKey: 12 });

const encoder = new TextEncoder();

/** Null when any of it cannot be read. */
export async function readSnapshot(scope: SnapshotScope, reader: LimitedReader): Promise<Snapshot | null> {
  let place: LimitedReader | null = null;
  let isSent = false;
  try {
    // First of all: what changes meanwhile may be in the items, and is after the index.
    const sequence = scope.type === null ? await sequenceWatch.read(reader) : 0;
    if (sequence === null) return null;
    const pages = pagesOf(await scope.typesNow(), reader);
    const texts: string[] = [];
    let [index, length] = [sequence, 0];
    for (let isFirst = true; length <= MAX_WHOLE; isFirst = false) {
      const { done, value } = await pages.next();
      if (done) return { index, body: `${head(index)}${texts.join(',')}]}` };
      // Revisions only grow: that of the first page is the lowest.
      if (isFirst && scope.type !== null) {
        index = value.revision;
        revisionWatch(scope.type).noteAtLeast(index);
      }
      if (value.json === '') continue;
      texts.push(value.json);
      length += value.json.length;
      if (length > LARGE) place ??= placeFor(reader);
    }
    const body = streamed(`${head(index)}${texts.join(',')}`, pages, (place ??= placeFor(reader)));
    isSent = true;
    return { index, body };
  } catch (error) {
    console.error(JSON.stringify({ message: 'snapshot not read', type: scope.type, error: String(error) }));
    return null;
  } finally {
    if (place && !isSent) large.leave(place);
  }
}

function placeFor({ keyId, waitUntil }: LimitedReader): LimitedReader {
  const place = large.enter(keyId, waitUntil);
  if (typeof place === 'string') throw new Error('too many large snapshots are being read or sent');
  return place;
}

const head = (index: number): string => `{"index":${index},"items":[`;

/** Page after page of one type after the other; throws where one cannot be read. */
async function* pagesOf(types: readonly string[], reader: LimitedReader): AsyncGenerator<SnapshotPage, void> {
  for (const type of types) {
    let revision = 0;
    for (let after: string | null = null, isLast = false; !isLast;) {
      if (++reader.calls > MAX_CALLS) throw new Error('too large for one call');
      const asked: Promise<SnapshotPage> = registryOf(type).snapshotPage(after);
      if (!(await settlesWithin(asked, PAGE_WITHIN_MS))) throw new Error(`the registry of ${type} does not answer`);
      const page = await asked;
      if (page.revision < revision) throw new Error('the registry was set back');
      revision = page.revision;
      yield page;
      after = page.next;
      isLast = after === null;
    }
  }
}

/** One page at a time, when the reader has taken the one before. */
function streamed(
  begun: string,
  pages: AsyncGenerator<SnapshotPage, void>,
  place: LimitedReader,
): ReadableStream<Uint8Array> {
  let first: string | null = begun;
  /** Null when there is nothing more. */
  const next = async (): Promise<string | null> => {
    for (;;) {
      const { done, value } = await pages.next();
      if (done) return null;
      if (value.json !== '') return value.json;
    }
  };
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      place.seenAt = Date.now();
      if (first !== null) {
        controller.enqueue(encoder.encode(first));
        first = null;
        return;
      }
      try {
        const json = await next();
        if (json !== null) return controller.enqueue(encoder.encode(`,${json}`));
      } catch (error) {
        large.leave(place);
        throw error;
      }
      large.leave(place);
      controller.enqueue(encoder.encode(']}'));
      controller.close();
    },
    async cancel() {
      large.leave(place);
      await pages.return();
    },
  });
}
