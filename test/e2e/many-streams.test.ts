/**
 * Hundreds of simultaneous streams of one isolate, which share the calls to the coordinator, during changes.
 * No stream ends early, and each receives every change.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CoordinatorClient } from '../../src/client/coordinator-client.ts';
import { ownCoordinator } from '../support/node/own-coordinator.ts';
import type { StreamReader } from '../support/node/stream-reader.ts';
import { readStream } from '../support/node/stream-reader.ts';
import { waitUntil } from '../support/node/wait-until.ts';

const STREAMS = 400;
const CHANGES = 60;
const APART_MS = 250;

const coordinator = ownCoordinator();

it(`${STREAMS} streams receive all of ${CHANGES} changes`, async () => {
  const running = coordinator();
  const client = new CoordinatorClient({ baseUrl: running.url, key: running.key });
  const streams: StreamReader[] = [];
  const seen = new Map<string, number>();
  const note = (subject: string): void => void seen.set(subject, (seen.get(subject) ?? 0) + 1);
  for (let at = 0; at < STREAMS; at++) streams.push(await readStream(running, note));
  const made: string[] = [];
  for (let at = 0; at < CHANGES; at++) {
    const id = `seen-${at}`;
    await client.register({
      id,
      name: id,
      type: 'task_router',
      endpoint: 'http://127.0.0.1:9/',
      heartbeat: { ttl: 3_600_000 },
    });
    made.push(id);
    await sleep(APART_MS);
  }
  expect(streams.filter((stream) => stream.isOpen())).toHaveLength(STREAMS);
  await waitUntil(
    () => made.filter((id) => seen.get(id) !== STREAMS),
    (missed) => missed.length === 0,
    30_000,
  );
  for (const stream of streams) stream.close();
});
