/**
 * Webhooks with real receivers: one is healthy, one is down, one hangs, one redirects and one responds 410. The runtime
 * is then killed while deliveries to all of these are pending. In the end every receiver has every event, signed, under
 * the delivery ids from before the kill, in order for each component.
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
  for (const name of NAMES) receivers.set(name, await HookReceiver.begin(name === 'good' ? 'accepts' : BAD[name]));
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

interface Received {
  readonly id: string;
  readonly sequence: number;
  readonly subject: string;
}

/** Webhooks that a receiver accepted, each verified with the library that receivers use. */
const receivedBy = (name: Name): Received[] =>
  receiver(name).received.map(({ headers, body }) => {
    const event = new Webhook(secrets.get(name)!).verify(body, headers) as { sequence: string; subject: string };
    return { id: headers['webhook-id']!, sequence: Number(event.sequence), subject: event.subject };
  });

/** Sequences in the order of their first arrival, by component. */
function orderOf(name: Name): Record<string, number[]> {
  const first = [...new Map(receivedBy(name).map((received) => [received.id, received] as const)).values()];
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

const hasReceived = (name: Name, wanted: readonly number[]): boolean => {
  const received = new Set(receivedBy(name).map(({ sequence }) => sequence));
  return wanted.every((sequence) => received.has(sequence));
};

it('every receiver gets every event in order; failing receivers do not delay a healthy one', async () => {
  running = await launchCoordinator({ persistTo });
  let client = clientOf(running);
  for (const name of NAMES) {
    const made = await client.webhooks.create({ id: name, url: receiver(name).url, types: ['component.*'] });
    secrets.set(name, made.secret!);
  }
  await changeAll(client, 'before');
  const before = await loggedOf(client);
  await waitUntil(() => hasReceived('good', before), Boolean, 30_000);
  // The healthy receiver had all events while the others had accepted none.
  for (const name of Object.keys(BAD) as Name[]) expect(receiver(name).received).toEqual([]);

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
  expect(new Set(receiver('gone').requestIds).size).toBeLessThanOrEqual(COMPONENTS.length);

  // No delivery is queued for the disabled webhook: it reads these events from the log later.
  await changeAll(client, 'later');
  const pendingIds = new Map<Name, string[]>();
  for (const name of Object.keys(BAD) as Name[]) {
    pendingIds.set(name, await idsOf(client, name));
    expect((await client.webhooks.get(name)).pending, name).toBeGreaterThan(0);
  }
  await running.kill();

  for (const name of NAMES) await receiver(name).setMode('accepts');
  running = await launchCoordinator({ persistTo });
  client = clientOf(running);
  const all = await loggedOf(client);
  expect(all).toHaveLength(2 * ROUNDS * COMPONENTS.length);
  // Deliveries in progress at the kill, and those waiting for a retry, continue without a replay.
  await waitUntil(
    () => receiver('slow').received.length,
    (count) => count > 0,
    30_000,
  );
  expect((await client.webhooks.get('gone')).state).toBe('disabled');
  await client.webhooks.change('gone', { enabled: true });
  for (const name of ['down', 'slow', 'moved'] as const) await client.webhooks.replay(name);

  for (const name of NAMES) {
    await waitUntil(() => hasReceived(name, all), Boolean, 30_000);
    const ids = new Set(receivedBy(name).map(({ id }) => id));
    expect(
      [...(pendingIds.get(name) ?? [])].filter((id) => !ids.has(id)),
      name,
    ).toEqual([]);
    expect(ids.size, name).toBe(all.length);
    for (const [id, sequences] of Object.entries(orderOf(name)))
      expect(sequences, `${name} about ${id}`).toEqual(sequences.toSorted((a, b) => a - b));
    await waitUntil(
      async () => (await client.webhooks.get(name)).pending,
      (count) => count === 0,
      30_000,
    );
  }
  const repeated = NAMES.map((name) => `${name} ${receivedBy(name).length - all.length}`);
  console.log(`${all.length} events to each of ${NAMES.length}; received more than once: ${repeated.join(', ')}`);
});
