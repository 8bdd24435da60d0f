/** The example controller with real processes, started as an operator would start it. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CoordinatorClient } from '../../src/client/coordinator-client.ts';
import { freePort } from '../../src/dev/free-port.ts';
import type { LaunchedCoordinator } from '../../src/dev/launch-coordinator.ts';
import { launchCoordinator } from '../../src/dev/launch-coordinator.ts';
import { PROJECT_ROOT } from '../../src/dev/project-root.ts';
import { waitUntil } from '../support/node/wait-until.ts';

const PROGRAM = join(PROJECT_ROOT, 'src', 'demo', 'controller', 'controller.ts');
const COMPONENT = join(PROJECT_ROOT, 'src', 'demo', 'component-process.ts');
const STUBBORN = `process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000)`;

interface Running {
  readonly processes: readonly { id: string; pid: number | null; port: number; restarts: number }[];
  readonly restartsByKey: Readonly<Record<string, number>>;
}

let directory: string;
let port: number;
let coordinatorPort: number;
let secret: string;
let controller: ChildProcess | undefined;
let coordinator: LaunchedCoordinator | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'arbiter-controller-'));
  port = await freePort();
  coordinatorPort = await freePort();
  secret = `whsec_${randomBytes(32).toString('base64')}`;
});

afterEach(async () => {
  await end('SIGTERM');
  await coordinator?.stop();
  coordinator = undefined;
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
});

async function end(signal: NodeJS.Signals): Promise<void> {
  const child = controller;
  controller = undefined;
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** Starts the controller with these processes; resolves once it responds. */
async function begin(processes: readonly object[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const file = join(directory, 'controller.json');
  await writeFile(file, JSON.stringify({ port, state: 'state', processes }));
  controller = spawn(process.execPath, [PROGRAM, '--config', file], {
    stdio: 'inherit',
    env: { ...process.env, CONTROL_SECRETS: secret, ...env },
  });
  await waitUntil(report, (found) => found !== null, 20_000);
}

async function report(): Promise<Running | null> {
  try {
    return (await (await fetch(`http://127.0.0.1:${port}/processes`)).json()) as Running;
  } catch {
    return null; // Not listening yet.
  }
}

const processOf = async (id: string) => (await report())?.processes.find((each) => each.id === id);

interface Call {
  readonly action?: string;
  readonly path?: string;
  readonly signedBy?: string;
}

async function callControl(
  id: string,
  key: string,
  { action = 'restart', path = `/${id}`, signedBy = secret }: Call = {},
) {
  const order = { action, componentId: id, recoveryId: 'r', idempotencyKey: key, reason: '', parameters: {} };
  const body = JSON.stringify(order);
  const at = new Date();
  const headers = {
    'content-type': 'application/json',
    'webhook-id': key,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(signedBy).sign(key, at, body),
  };
  const response = await fetch(`http://127.0.0.1:${port}/control${path}`, { method: 'POST', headers, body });
  await response.body?.cancel();
  return response.status;
}

/** Waits until the process has a pid other than `before`. */
const another = (id: string, before: number | null | undefined) =>
  waitUntil(
    () => processOf(id),
    (found) => found?.pid != null && found.pid !== before,
    20_000,
  );

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // No such process.
  }
};

const sleeper = (id: string) => ({ id, command: [process.execPath, '-e', 'setInterval(() => undefined, 1000)'] });

const launch = (): Promise<LaunchedCoordinator> =>
  launchCoordinator({ port: coordinatorPort, persistTo: join(directory, 'coordinator') });

const clientOf = ({ url, key }: LaunchedCoordinator) => new CoordinatorClient({ baseUrl: url, key });

/** Launches a coordinator with this controller for the type task_router, and one component that registers itself. */
async function beginAsController(): Promise<LaunchedCoordinator> {
  const launched = await launch();
  coordinator = launched;
  const headers = { authorization: `Bearer ${launched.key}`, 'content-type': 'application/json' };
  const type = `${launched.url}/v1/config/types/task_router`;
  const body = JSON.stringify({
    controller: { url: `http://127.0.0.1:${port}/control`, actions: ['restart', 'scale_up'] },
  });
  expect((await fetch(type, { method: 'PUT', headers, body })).status).toBe(200);
  secret = ((await (await fetch(`${type}/controller-secret`, { headers })).json()) as { secret: string }).secret;
  const registration = {
    id: '{id}',
    name: '{id}',
    type: 'task_router',
    endpoint: 'http://127.0.0.1:{port}',
    healthCheck: { endpoint: '/health', timeout: 1_000, interval: 1_000, retries: 1 },
  };
  await begin([{ id: 'router', command: [process.execPath, COMPONENT], most: 3, registration }], {
    COORDINATOR_URL: launched.url,
    COORDINATOR_KEY: launched.key,
  });
  await healthy(clientOf(launched), 'router');
  return launched;
}

const healthy = (client: CoordinatorClient, id: string) =>
  waitUntil(
    () => client.component(id).catch(() => null),
    (found) => found?.health.status === 'healthy',
    30_000,
  );

const endOf = (client: CoordinatorClient, id: string) =>
  waitUntil(
    () => client.recovery(id),
    ({ status }) => status !== 'running',
    100_000,
  );

describe('the example controller', () => {
  it('restarts a process once per key, addressed by its path or by the id in the body', async () => {
    await begin([sleeper('one'), sleeper('two')]);
    const before = await processOf('one');
    expect(await callControl('one', 'k-1')).toBe(202);
    expect(await callControl('one', 'k-1')).toBe(200);
    const after = await another('one', before?.pid);
    expect(isAlive(before!.pid!)).toBe(false);
    expect(await callControl('one', 'k-2', { path: '' })).toBe(202);
    await another('one', after?.pid);
    expect(await callControl('one', 'k-1')).toBe(200);
    const found = await waitUntil(report, (now) => now?.restartsByKey['k-2'] === 1, 10_000);
    expect(found?.restartsByKey).toEqual({ 'k-1': 1, 'k-2': 1 });
    expect(found?.processes).toMatchObject([
      { id: 'one', restarts: 2 },
      { id: 'two', restarts: 0 },
    ]);
  });

  it('refuses other signatures, unknown processes and unknown actions', async () => {
    await begin([sleeper('one')]);
    const other = `whsec_${randomBytes(32).toString('base64')}`;
    expect(await callControl('one', 'k-1', { signedBy: other })).toBe(401);
    expect(await callControl('one', 'k-1', { signedBy: other, path: '' })).toBe(401);
    expect(await callControl('nobody', 'k-1')).toBe(404);
    expect(await callControl('nobody', 'k-1', { path: '' })).toBe(404);
    expect(await callControl('one', 'k-1', { action: 'scale_up' })).toBe(422);
    expect((await report())?.restartsByKey).toEqual({});
  });

  it('kills a process that ignores SIGTERM', async () => {
    await begin([{ id: 'stubborn', command: [process.execPath, '-e', STUBBORN], stopMs: 300 }]);
    const before = await processOf('stubborn');
    expect(await callControl('stubborn', 'k-1')).toBe(202);
    await another('stubborn', before?.pid);
    expect(isAlive(before!.pid!)).toBe(false);
  });

  it('keeps its keys through a SIGKILL, and ends the processes of its former run', async () => {
    await begin([sleeper('one')]);
    const first = await processOf('one');
    await callControl('one', 'k-1');
    const before = await another('one', first?.pid);
    await end('SIGKILL');
    expect(isAlive(before!.pid!)).toBe(true);
    await begin([sleeper('one')]);
    const now = await processOf('one');
    await waitUntil(
      async () => isAlive(before!.pid!),
      (alive) => !alive,
      10_000,
    );
    expect(await callControl('one', 'k-1')).toBe(200);
    expect(await report()).toMatchObject({ restartsByKey: { 'k-1': 1 }, processes: [{ pid: now?.pid, restarts: 0 }] });
  });

  it('adds processes up to their maximum, and starts them again after a restart', async () => {
    const worker = { ...sleeper('worker'), most: 2 };
    await begin([worker]);
    expect(await callControl('worker', 'k-1', { action: 'scale_up' })).toBe(202);
    expect(await callControl('worker', 'k-1', { action: 'scale_up' })).toBe(200);
    expect(await callControl('worker', 'k-2', { action: 'scale_up' })).toBe(422);
    await another('worker-2', undefined);
    expect(await callControl('worker-2', 'k-3')).toBe(202);
    await end('SIGTERM');
    await begin([worker]);
    expect((await report())?.processes.map(({ id }) => id)).toEqual(['worker', 'worker-2']);
  });

  it('is the controller of a type: restarts and adds components that register themselves', async () => {
    const client = clientOf(await beginAsController());
    const before = await processOf('router');
    const restarted = await client.act('router', { action: 'restart', idempotencyKey: 'once' });
    expect(restarted.actions).toMatchObject([{ status: 'done', detail: 'accepted with HTTP 202' }]);
    const again = await client.act('router', { action: 'restart', idempotencyKey: 'once' });
    expect(again.id).toBe(restarted.id);
    await another('router', before?.pid);
    expect((await endOf(client, restarted.id)).status).toBe('successful');
    expect((await report())?.restartsByKey).toEqual({ [`${restarted.id}-0`]: 1 });

    const scaled = await client.act('router', { action: 'scale_up', force: true });
    expect(scaled.actions).toMatchObject([{ action: 'scale_up', status: 'done' }]);
    expect(await healthy(client, 'router-2')).toMatchObject({ id: 'router-2', type: 'task_router' });
  });

  it('restarts once when the coordinator is killed during the call and the caller repeats it', async () => {
    const first = await beginAsController();
    const pendingAction = clientOf(first).act('router', { action: 'restart', idempotencyKey: 'once' });
    // The caller gets no response, whatever the outcome.
    const lost = pendingAction.catch(() => null);
    await waitUntil(report, (found) => Object.keys(found?.restartsByKey ?? {}).length > 0, 20_000);
    await first.kill();
    await lost;
    coordinator = await launch();
    const client = clientOf(coordinator);
    const again = await client.act('router', { action: 'restart', idempotencyKey: 'once' });
    expect((await endOf(client, again.id)).status).toBe('successful');
    expect((await report())?.restartsByKey).toEqual({ [`${again.id}-0`]: 1 });
    expect((await client.recoveries({ componentId: 'router' })).items).toHaveLength(1);
  });
});
