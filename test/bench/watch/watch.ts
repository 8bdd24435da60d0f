/**
 * `npm run bench:watch [-- --changes N] [--apart MS] [--readers N] [--json FILE]`: time until readers see a change.
 *
 * Measures blocking query, event stream, WebSocket and webhook, with the coordinator of `npm start`: one reader, and
 * the last of many concurrent ones.
 *
 * The time runs from before the call that makes the change until the reader, in this process, has the response. The
 * first row is the duration of the call itself.
 */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CoordinatorClient } from '../../../src/client/coordinator-client.ts';
import type { LaunchedCoordinator } from '../../../src/dev/launch-coordinator.ts';
import { launchCoordinator } from '../../../src/dev/launch-coordinator.ts';
import { SocketReader } from '../../support/node/socket-reader.ts';
import { textTable } from '../text-table.ts';
import type { EventReceiver } from './receive-events.ts';
import { receiveEvents } from './receive-events.ts';
import type { StreamReader } from '../../support/node/stream-reader.ts';
import { readStream } from '../../support/node/stream-reader.ts';

const TYPE = 'task_router';
const SEEN_WITHIN_MS = 30_000;
const PAUSE_MS = 1_000;
/** The reads of one key per minute are limited. */
const READERS_OF_KEY = 10;
/** Shares of the concurrent readers by transport. */
const SHARES: Readonly<Record<string, number>> = { blocking: 1 / 6, stream: 5 / 12, socket: 5 / 12 };

interface Row {
  readonly way: string;
  readonly readers: number;
  readonly changes: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** Times at which the awaited readers saw each subject. */
class Sightings {
  readonly #way: string;
  readonly #waiting = new Map<string, { left: number; lastAt: number; resolve: (at: number) => void }>();

  constructor(way: string) {
    this.#way = way;
  }

  /** Resolves to the time at which the last of `readers` has seen the subject. */
  all(subject: string, readers: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        const { left } = this.#waiting.get(subject)!;
        reject(new Error(`${this.#way}: ${left} of ${readers} readers have not seen ${subject}`));
      }, SEEN_WITHIN_MS);
      const end = (at: number): void => {
        clearTimeout(late);
        resolve(at);
      };
      this.#waiting.set(subject, { left: readers, lastAt: 0, resolve: end });
    });
  }

  record(subject: string, at: number): void {
    const waiting = this.#waiting.get(subject);
    if (!waiting) return;
    waiting.lastAt = Math.max(waiting.lastAt, at);
    if (--waiting.left === 0) waiting.resolve(waiting.lastAt);
  }
}

/** Starts readers of one transport, which report subjects until closed. */
type Readers = (coordinator: LaunchedCoordinator, count: number, seen: Sightings) => Promise<() => void>;

const byStream: Readers = async ({ url, key }, count, seen) => {
  const readers: StreamReader[] = [];
  for (let at = 0; at < count; at++)
    readers.push(await readStream({ url, key }, (subject, t) => seen.record(subject, t)));
  return () => {
    for (const reader of readers) reader.close();
  };
};

const bySocket: Readers = async ({ url: baseUrl, key }, count, seen) => {
  const readers = Array.from(
    { length: count },
    () => new SocketReader({ baseUrl, key, onEvent: ({ subject }, t) => seen.record(subject, t) }),
  );
  await Promise.all(readers.map(({ isOpen }) => isOpen));
  return () => {
    for (const reader of readers) reader.stop();
  };
};

const byBlocking: Readers = async ({ url: baseUrl, key }, count, seen) => {
  const stopped = new AbortController();
  const admin = new CoordinatorClient({ baseUrl, key });
  const first = (await admin.snapshot({ type: TYPE }))!;
  const read = async (client: CoordinatorClient): Promise<void> => {
    const known = new Set(first.items.map(({ id }) => id));
    for await (const { items } of client.watchSnapshot({ type: TYPE, index: first.index, signal: stopped.signal })) {
      const seenAt = Date.now();
      for (const { id } of items) {
        if (known.has(id)) continue;
        known.add(id);
        seen.record(id, seenAt);
      }
    }
  };
  let client = admin;
  for (let at = 0; at < count; at++) {
    if (at % READERS_OF_KEY === 0) {
      const { key: own } = await admin.createKey({ name: `readers ${at}`, scopes: ['viewer'] });
      client = new CoordinatorClient({ baseUrl, key: own });
    }
    void read(client);
  }
  // Gives all readers time to wait.
  await sleep(1_000 + count * 5);
  return () => stopped.abort();
};

/** One receiver per reader; 50 webhooks at most. */
const byWebhook: Readers = async ({ url: baseUrl, key }, count, seen) => {
  const { webhooks } = new CoordinatorClient({ baseUrl, key });
  const receivers: EventReceiver[] = [];
  for (let at = 0; at < count; at++) {
    const receiver = await receiveEvents((subject, t) => seen.record(subject, t));
    await webhooks.create({ id: `bench-${at}`, url: receiver.url, types: ['component.registered'] });
    receivers.push(receiver);
  }
  return () => {
    for (const [at, receiver] of receivers.entries()) void webhooks.remove(`bench-${at}`).then(() => receiver.close());
  };
};

const WAYS: Readonly<Record<string, Readers>> = {
  blocking: byBlocking,
  stream: byStream,
  socket: bySocket,
  webhook: byWebhook,
};

let made = 0;

/** Returns the time before the call, epoch ms. */
async function register(client: CoordinatorClient, id: string): Promise<number> {
  const began = Date.now();
  await client.register({ id, name: id, type: TYPE, endpoint: 'http://127.0.0.1:9/', heartbeat: { ttl: 600_000 } });
  return began;
}

/** Makes one change and waits until `readers` have seen it. The removal is not awaited. */
async function change(client: CoordinatorClient, seen: Sightings, readers: number): Promise<number> {
  const id = `seen-${made++}`;
  const all = seen.all(id, readers);
  const began = await register(client, id);
  const ms = (await all) - began;
  await client.deregister(id);
  return ms;
}

function rowOf(way: string, readers: number, durations: readonly number[]): Row {
  const sorted = durations.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
  return { way, readers, changes: durations.length, medianMs: at(0.5), p99Ms: at(0.99) };
}

async function measure(
  coordinator: LaunchedCoordinator,
  { changes, readers, apartMs }: { readonly changes: number; readonly readers: number; readonly apartMs: number },
): Promise<Row[]> {
  const client = new CoordinatorClient({ baseUrl: coordinator.url, key: coordinator.key });
  const calls: number[] = [];
  for (let at = 0; at < changes; at++) {
    const id = `answered-${at}`;
    calls.push(-(await register(client, id)) + Date.now());
    await client.deregister(id);
  }
  const rows = [rowOf('the caller itself', 1, calls)];
  for (const [way, open] of Object.entries(WAYS)) {
    process.stderr.write(`one reader: ${way} …\n`);
    const seen = new Sightings(way);
    const close = await open(coordinator, 1, seen);
    const durations: number[] = [];
    for (let at = 0; at < changes; at++) {
      durations.push(await change(client, seen, 1));
      await sleep(apartMs);
    }
    close();
    rows.push(rowOf(way, 1, durations));
  }
  process.stderr.write(`${readers} readers at once …\n`);
  const all: {
    readonly way: string;
    readonly share: number;
    readonly seen: Sightings;
    readonly durations: number[];
  }[] = [];
  const closing: (() => void)[] = [];
  for (const [way, open] of Object.entries(WAYS)) {
    const share = Math.round(readers * (SHARES[way] ?? 0));
    if (share === 0) continue;
    const seen = new Sightings(way);
    closing.push(await open(coordinator, share, seen));
    all.push({ way, share, seen, durations: [] });
  }
  for (let at = 0; at < Math.max(5, changes / 20); at++) {
    const id = `seen-${made++}`;
    const waiting = all.map(({ seen, share }) => seen.all(id, share));
    const began = await register(client, id);
    for (const [way, lastAt] of (await Promise.all(waiting)).entries()) all[way]!.durations.push(lastAt - began);
    await client.deregister(id);
    // Gives all readers time to wait again.
    await sleep(PAUSE_MS);
  }
  for (const close of closing) close();
  for (const { way, share, durations } of all) rows.push(rowOf(`${way}, the last of many`, share, durations));
  return rows;
}

const { values } = parseArgs({
  options: {
    changes: { type: 'string', default: '200' },
    readers: { type: 'string', default: '1200' },
    apart: { type: 'string', default: '300' },
    json: { type: 'string' },
  },
});
const persistTo = await mkdtemp(join(tmpdir(), 'arbiter-watch-'));
const coordinator = await launchCoordinator({ persistTo });
try {
  const rows = await measure(coordinator, {
    changes: Number(values.changes),
    readers: Number(values.readers),
    apartMs: Number(values.apart),
  });
  const cells = rows.map((row) => [row.way, row.readers, row.changes, row.medianMs, row.p99Ms].map(String));
  process.stdout.write(`${textTable(['seen by', 'readers', 'changes', 'median ms', 'p99 ms'], cells)}\n`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
} finally {
  await coordinator.stop();
  await rm(persistTo, { recursive: true, force: true, maxRetries: 3 });
}
// Hanging sockets must not keep the process alive.
process.exit(0);
