/**
 * SIGKILL of the whole runtime during registrations, then a restart with the same state.
 * Acknowledged registrations must be present, no id may stay claimed, and health checks must continue.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RegistrationInput } from '../../src/core/component/registration.ts';
import { CoordinatorClient } from '../../src/client/coordinator-client.ts';
import type { LaunchedCoordinator } from '../../src/dev/launch-coordinator.ts';
import { launchCoordinator } from '../../src/dev/launch-coordinator.ts';
import type { HealthTarget } from '../support/node/health-target.ts';
import { startHealthTarget } from '../support/node/health-target.ts';
import { waitUntil } from '../support/node/wait-until.ts';

const COMPONENTS = 60;
const KILL_AFTER_ACKNOWLEDGED = 20;
const TYPES = ['agent_registry', 'task_router', 'caws_validator'] as const;

let persistTo: string;
let target: HealthTarget;
let running: LaunchedCoordinator | undefined;

beforeAll(async () => {
  persistTo = await mkdtemp(join(tmpdir(), 'arbiter-kill-'));
  target = await startHealthTarget();
});

afterAll(async () => {
  await running?.stop();
  await target.close();
  await rm(persistTo, { recursive: true, force: true, maxRetries: 3 });
});

function registration(index: number): RegistrationInput {
  const id = `kill-${index}`;
  return {
    id,
    name: id,
    type: TYPES[index % TYPES.length]!,
    endpoint: `${target.url}/${id}`,
    healthCheck: { endpoint: `${target.url}/${id}/health` },
    dependencies: index % 7 === 6 ? [`kill-${index - 6}`] : [],
  };
}

/** Registers all components, four at a time, until the kill; returns the acknowledged ids. */
async function registerUntilKilled(coordinator: LaunchedCoordinator): Promise<Set<string>> {
  const client = new CoordinatorClient({ baseUrl: coordinator.url, key: coordinator.key });
  const acknowledged = new Set<string>();
  let next = 0;
  let killing: Promise<void> | undefined;
  const worker = async (): Promise<void> => {
    while (next < COMPONENTS && !killing) {
      const { id, ...rest } = registration(next++);
      try {
        await client.register({ id, ...rest });
        acknowledged.add(id);
      } catch {
        // The runtime was killed during the call, or a dependency was not yet registered.
      }
      if (acknowledged.size >= KILL_AFTER_ACKNOWLEDGED) killing ??= coordinator.kill();
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  await killing;
  return acknowledged;
}

it('the coordinator keeps acknowledged registrations through a SIGKILL', async () => {
  const first = await launchCoordinator({ persistTo });
  const acknowledged = await registerUntilKilled(first);
  expect(acknowledged.size).toBeGreaterThanOrEqual(KILL_AFTER_ACKNOWLEDGED);
  expect(acknowledged.size).toBeLessThan(COMPONENTS);

  target.reset();
  running = await launchCoordinator({ persistTo });
  // Without any call, health checks must resume: two per component show that they continue.
  await waitUntil(
    () => [...acknowledged].filter((id) => (target.checks.get(id) ?? 0) < 2),
    (missing) => missing.length === 0,
    30_000,
  );

  const client = new CoordinatorClient({ baseUrl: running.url, key: running.key });
  const { items } = await client.components({ limit: 500 });
  const present = new Set(items.map((item) => item.id));
  expect([...acknowledged].filter((id) => !present.has(id))).toEqual([]);
  expect(items.every((item) => item.health.status === 'healthy')).toBe(true);
  console.log(`${acknowledged.size} of ${COMPONENTS} acknowledged before the kill, ${present.size} present after it`);

  // No id stays claimed: every id, acknowledged or lost, can register and be removed now.
  for (let index = 0; index < COMPONENTS; index++) await client.register(registration(index));
  expect((await client.components({ limit: 500 })).items).toHaveLength(COMPONENTS);
  for (let index = COMPONENTS - 1; index >= 0; index--) await client.deregister(`kill-${index}`);
  expect((await client.components({ limit: 500 })).items).toEqual([]);

  const events = [];
  for (let after = 0; ;) {
    const page = await client.events({ after, limit: 1_000 });
    events.push(...page.items);
    if (page.items.length === 0) break;
    after = Number(page.nextCursor);
  }
  expect(events.map((event) => Number(event.sequence))).toEqual(events.map((_, index) => index + 1));
  for (const id of acknowledged) {
    expect(events.filter((event) => event.type === 'component.registered' && event.subject === id)).toHaveLength(1);
  }
});
