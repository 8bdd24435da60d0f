/**
 * Webhooks with real receivers: one that is well beside one that is down, one that never answers, one that redirects and
 * one that answers 410; then a SIGKILL of the whole runtime with deliveries owed to all of these. In the end everybody
 * has everything, under the ids it was owed with, signed, in order for each component.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CoordinatorClient } from '../../src/client/coordinator-client.ts';
import type { LaunchedCoordinator } from '../../src/dev/launch-coordinator.ts';
import { launchCoordinator } from '../../src/dev/launch-coordinator.ts';
import { HookReceiver } from '../support/node/hook-receiver.ts';
import { waitUntil } from '../support/node/wait-until.ts';

const BAD = { down: 'is-down', slow: 'hangs', moved: 'redirects', gone: 'is-gone' } as const;
const NAMES = ['good', 'down', 'slow', 'moved', 'gone'] as const;
const COMPONENTS = ['a', 'b', 'c'] as const;
const ROUNDS = 3;

type Name = (typeof NAMES)[number];

let persistTo: string;
let running: LaunchedCoordinator | undefined;
const receivers = new Map<Name, HookReceiver>();
const secrets = new Map<Name, string>();

beforeAll(async () => {
  persistTo = await mkdtemp(join(tmpdir(), 'arbiter-hooks-'));
  for (const name of NAMES) receivers.set(name, await HookReceiver.begin(name === 'good' ? 'takes' : BAD[name]));
});

afterAll(async () => {
  await running?.stop();
  for (const receiver of receivers.values()) receiver.close();
  await rm(persistTo, { recursive: true, force: true, maxRetries: 3 });
});

const clientOf = ({ url, key }: LaunchedCoordinator): CoordinatorClient => new CoordinatorClient({ baseUrl: url, key });

const receiver = (name: Name): HookReceiver => receivers.get(name)!;

/** Three changes of each component, one after the other. */
async function changeAll(client: CoordinatorClient, round: string): Promise<void> {
  for (let time = 0; time < ROUNDS; time++)
    for (const id of COMPONENTS)
      await client.register({
        id,
        name: `${id} ${round} ${time}`,
        type: 'task_router',
        endpoint: 'http://127.0.0.1:9',
        heartbeat: { ttl: 600_000 },
      });
}

interface Got {
  readonly id: string;
  readonly sequence: number;
  readonly subject: string;
}

/** What a receiver took, each verified by the library that the other side uses. */
const gotBy = (name: Name): Got[] =>
  receiver(name).taken.map(({ headers, body }) => {
    const event = new Webhook(secrets.get(name)!).verify(body, headers) as { sequence: string; subject: string };
    return { id: headers['webhook-id']!, sequence: Number(event.sequence), subject: event.subject };
  });

/** Ids in the order of their first arrival, by component. */
function orderOf(name: Name): Record<string, number[]> {
  const first = [...new Map(gotBy(name).map((got) => [got.id, got] as const)).values()];
  return Object.fromEntries(
    COMPONENTS.map((id) => [id, first.filter(({ subject }) => subject === id).map(({ sequence }) => sequence)]),
  );
}

async function loggedOf(client: CoordinatorClient): Promise<number[]> {
  const { items } = await client.events({ after: 0, limit: 1_000 });
  return items.filter(({ type }) => type.startsWith('component.')).map(({ sequence }) => Number(sequence));
}

const idsOf = async (client: CoordinatorClient, name: Name): Promise<string[]> =>
  (await client.webhooks.deliveries(name, { limit: 500 })).items.map(({ id }) => id);

const has = (name: Name, wanted: readonly number[]): boolean => {
  const got = new Set(gotBy(name).map(({ sequence }) => sequence));
  return wanted.every((sequence) => got.has(sequence));
};

it('delivers to everybody in the end, in order, and to who is well as if the others were not there', async () => {
  running = await launchCoordinator({ persistTo });
  let client = clientOf(running);
  for (const name of NAMES) {
    const made = await client.webhooks.create({ id: name, url: receiver(name).url, types: ['component.*'] });
    secrets.set(name, made.secret!);
  }
  await changeAll(client, 'before');
  const before = await loggedOf(client);
  await waitUntil(() => has('good', before), Boolean, 30_000);
  // All of it was there while not one of the others had taken anything.
  for (const name of Object.keys(BAD) as Name[]) expect(receiver(name).taken).toEqual([]);

  await waitUntil(
    async () => (await client.webhooks.get('gone')).disabledReason,
    (reason) => reason === 'gone',
    30_000,
  );
  const moved = await waitUntil(
    async () => (await client.webhooks.deliveries('moved')).items.flatMap(({ attempts }) => attempts),
    (attempts) => attempts.some(({ status }) => status === 302),
    30_000,
  );
  expect(moved.find(({ status }) => status === 302)?.error).toContain('redirects are not followed');
  expect(new Set(receiver('gone').asked).size).toBeLessThanOrEqual(COMPONENTS.length);

  // These are not even owed to the one that is disabled: it takes them from the log later.
  await changeAll(client, 'later');
  const owed = new Map<Name, string[]>();
  for (const name of Object.keys(BAD) as Name[]) {
    owed.set(name, await idsOf(client, name));
    expect((await client.webhooks.get(name)).owed, name).toBeGreaterThan(0);
  }
  await running.kill();

  for (const name of NAMES) await receiver(name).turn('takes');
  running = await launchCoordinator({ persistTo });
  client = clientOf(running);
  const all = await loggedOf(client);
  expect(all).toHaveLength(2 * ROUNDS * COMPONENTS.length);
  // What was under way when it was killed, and what waits for its second attempt, goes by itself.
  await waitUntil(
    () => receiver('slow').taken.length,
    (count) => count > 0,
    30_000,
  );
  expect((await client.webhooks.get('gone')).state).toBe('disabled');
  await client.webhooks.change('gone', { enabled: true });
  for (const name of ['down', 'slow', 'moved'] as const) await client.webhooks.replay(name);

  for (const name of NAMES) {
    await waitUntil(() => has(name, all), Boolean, 30_000);
    const ids = new Set(gotBy(name).map(({ id }) => id));
    expect(
      [...(owed.get(name) ?? [])].filter((id) => !ids.has(id)),
      name,
    ).toEqual([]);
    expect(ids.size, name).toBe(all.length);
    for (const [id, sequences] of Object.entries(orderOf(name)))
      expect(sequences, `${name} about ${id}`).toEqual(sequences.toSorted((a, b) => a - b));
    await waitUntil(
      async () => (await client.webhooks.get(name)).owed,
      (count) => count === 0,
      30_000,
    );
  }
  const repeated = NAMES.map((name) => `${name} ${gotBy(name).length - all.length}`);
  console.log(`${all.length} events to each of ${NAMES.length}; taken more than once: ${repeated.join(', ')}`);
});
