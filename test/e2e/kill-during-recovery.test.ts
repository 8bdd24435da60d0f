/**
 * SIGKILL of the whole runtime at the worst instant of a recovery: the control endpoint has been
 * asked to restart the component and has done it, and nobody has written down that it was asked.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CoordinatorClient } from '../../src/client/coordinator-client.ts';
import type { LaunchedCoordinator } from '../../src/dev/launch-coordinator.ts';
import { launchCoordinator } from '../../src/dev/launch-coordinator.ts';
import { waitUntil } from '../support/node/wait-until.ts';

const ID = 'sick-validator';

let persistTo: string;
let server: Server;
let running: LaunchedCoordinator | undefined;
let isSick = false;
/** Restarts carried out, by idempotency key. */
const restarts = new Map<string, number>();
let onControl = async (): Promise<void> => undefined;

beforeAll(async () => {
  persistTo = await mkdtemp(join(tmpdir(), 'arbiter-recovery-'));
  server = createServer((request, response) => {
    void (async () => {
      if (request.url === '/control') {
        let text = '';
        for await (const chunk of request) text += String(chunk);
        const { idempotencyKey } = JSON.parse(text) as { idempotencyKey: string };
        restarts.set(idempotencyKey, (restarts.get(idempotencyKey) ?? 0) + 1);
        isSick = false;
        await onControl();
        return response.writeHead(202).end();
      }
      return response.writeHead(isSick ? 503 : 200).end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  await running?.stop();
  server.closeAllConnections();
  server.close();
  await rm(persistTo, { recursive: true, force: true, maxRetries: 3 });
});

it('finishes a recovery that a SIGKILL cut off between the control call and its record', async () => {
  running = await launchCoordinator({ persistTo });
  let client = new CoordinatorClient({ baseUrl: running.url, key: running.key });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const healthCheck = { endpoint: '/health', timeout: 1_000, interval: 2_000, retries: 1 };
  const control = { endpoint: '/control', actions: ['restart' as const] };
  await client.register({ id: ID, name: ID, type: 'caws_validator', endpoint, healthCheck, control });
  await waitUntil(
    () => client.component(ID),
    (component) => component.health.status === 'healthy',
    10_000,
  );

  const killed = new Promise<void>((resolve) => {
    onControl = async () => {
      onControl = async () => undefined;
      await running?.kill();
      resolve();
    };
  });
  isSick = true;
  await killed;

  running = await launchCoordinator({ persistTo });
  client = new CoordinatorClient({ baseUrl: running.url, key: running.key });
  const [recovery] = await waitUntil(
    async () => (await client.recoveries({ componentId: ID })).items,
    (items) => items.length === 1 && items[0]?.status !== 'running',
    100_000,
  );
  expect(recovery?.status).toBe('successful');
  // Asked again after the kill, but under the same key: a receiver that keeps keys acts once.
  expect([...restarts.keys()]).toHaveLength(1);
  expect((await client.component(ID)).health.status).toBe('healthy');
  expect((await client.component(ID)).recoveryId).toBeNull();
});
