/**
 * Two readers of the event log, one over a stream and one over a socket. The test makes a thousand changes, cuts each
 * connection five times and kills the runtime once. Each reader must receive exactly the log, in order and once.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CoordinatorClient } from '../../src/client/coordinator-client.ts';
import { freePort } from '../../src/dev/free-port.ts';
import type { LaunchedCoordinator } from '../../src/dev/launch-coordinator.ts';
import { launchCoordinator } from '../../src/dev/launch-coordinator.ts';
import { SocketReader } from '../support/node/socket-reader.ts';
import { waitUntil } from '../support/node/wait-until.ts';

const CHANGES = 1_000;
const TYPES = ['task_router', 'caws_validator'] as const;
/** Components per type: one call changes all of them. Each changes too rarely for its changes to be merged. */
const OF_TYPE = 50;
const CUT_AT = [100, 250, 400, 650, 850];
const KILL_AT = 500;

let persistTo: string;
let running: LaunchedCoordinator;
let port: number;

beforeAll(async () => {
  persistTo = await mkdtemp(join(tmpdir(), 'arbiter-readers-'));
  port = await freePort();
  running = await launchCoordinator({ persistTo, port });
});

afterAll(async () => {
  await running?.stop();
  await rm(persistTo, { recursive: true, force: true, maxRetries: 3 });
});

const idsOf = (type: string): string[] => Array.from({ length: OF_TYPE }, (_, at) => `${type.replace('_', '-')}-${at}`);

async function register(client: CoordinatorClient, type: string): Promise<void> {
  for (const id of idsOf(type))
    await client.register({ id, name: id, type, endpoint: `http://127.0.0.1:9/${id}`, heartbeat: { ttl: 3_600_000 } });
}

async function restart(): Promise<void> {
  await running.kill();
  running = await launchCoordinator({ persistTo, port });
}

async function beat({ url, key }: LaunchedCoordinator, type: string, status: string): Promise<void> {
  const heartbeats = idsOf(type).map((id) => ({ id, status }));
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const response = await fetch(`${url}/v1/heartbeats`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ heartbeats }),
  });
  if (!response.ok) throw new Error(`answered ${response.status}: ${await response.text()}`);
  await response.text();
}

/** A `fetch` whose open connection the test can cut. */
class CutWire {
  #current = new AbortController();

  readonly fetch = (url: string, init: RequestInit): Promise<Response> => {
    this.#current = new AbortController();
    return fetch(url, { ...init, signal: AbortSignal.any([this.#current.signal, init.signal!]) });
  };

  cut(): void {
    this.#current.abort();
  }
}

/** Reads the whole log, page by page. */
async function readLog(client: CoordinatorClient): Promise<string[]> {
  const sequences: string[] = [];
  for (let after = '0'; ;) {
    const { items, nextCursor } = await client.events({ after, limit: 1_000 });
    if (items.length === 0) return sequences;
    sequences.push(...items.map((event) => `${event.sequence} ${event.type} ${event.subject}`));
    after = nextCursor!;
  }
}

it('each reader receives exactly the log, through cut connections and a SIGKILL', async () => {
  const client = new CoordinatorClient({ baseUrl: running.url, key: running.key });
  await Promise.all(TYPES.map((type) => register(client, type)));

  const seen = { stream: [] as string[], socket: [] as string[] };
  const wire = new CutWire();
  const ended = new AbortController();
  const streaming = (async () => {
    const streamed = new CoordinatorClient({ baseUrl: running.url, key: running.key, fetch: wire.fetch });
    for await (const event of streamed.watchEvents({ after: 0, signal: ended.signal }))
      seen.stream.push('specversion' in event ? `${event.sequence} ${event.type} ${event.subject}` : event.type);
  })();
  const socket = new SocketReader({
    baseUrl: running.url,
    key: running.key,
    after: 0,
    onEvent: (event) => void seen.socket.push(`${event.sequence} ${event.type} ${event.subject}`),
  });

  let done = 0;
  let restarting: Promise<void> | undefined;
  const advance = (): void => {
    done += OF_TYPE;
    if (CUT_AT.includes(done)) wire.cut();
    // Not at the same moment as the stream.
    if (CUT_AT.includes(done - 2 * OF_TYPE)) socket.cut();
    if (done !== KILL_AT) return;
    restarting = restart();
  };
  const change = async (type: string): Promise<void> => {
    for (let round = 0; ; round++) {
      try {
        await beat(running, type, round % 2 === 0 ? 'healthy' : 'degraded');
        advance();
        if (done >= CHANGES) return;
      } catch {
        // The runtime is being killed: repeat the change once it is back.
        await (restarting ?? sleep(50));
      }
    }
  };
  await Promise.all(TYPES.map(change));

  // Events may still be on their way into the log.
  let log: string[] = [];
  await waitUntil(
    async () => {
      const before = log.length;
      log = await readLog(client);
      return before === log.length && seen.stream.length >= log.length && seen.socket.length >= log.length;
    },
    (isSettled) => isSettled,
    20_000,
  ).catch(() => undefined);
  ended.abort();
  socket.stop();
  await streaming;

  console.log(
    `${log.length} events in the log, ${seen.stream.length} over the stream, ${seen.socket.length} over the socket`,
  );
  expect(log.length).toBeGreaterThanOrEqual(CHANGES);
  expect(log.map((line) => Number(line.split(' ')[0]))).toEqual(log.map((_, at) => at + 1));
  expect(seen.stream).toEqual(log);
  expect(seen.socket).toEqual(log);
  expect(socket.controls.filter((type) => type === 'hello').length).toBeGreaterThan(CUT_AT.length);
});
