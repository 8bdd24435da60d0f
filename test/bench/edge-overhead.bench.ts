/**
 * What the walls cost on the edge route path: `POST /v1/route` through the whole application (request id,
 * headers, key check, scopes, rate limit, shedding, body limit) against the same handler with none of it.
 *
 * Both run in one isolate of the real runtime, in turns. The clock of workerd stands still while code
 * runs, so a batch is timed from one I/O to the next.
 */
import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { OpenAPIHono } from '@hono/zod-openapi';
import { expect, it } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import type { AppEnv } from '../../src/api/app-env.ts';
import { mountRouting } from '../../src/api/routes/routing.ts';
import { call, eventually } from '../support/coordinator-http.ts';
import { silentRegistration } from '../support/silent-registration.ts';

const COMPONENTS = 100;
const BATCH = 500;
const ROUNDS = 12;

const BODY = JSON.stringify({ requestType: 'task_routing', payload: { taskId: 't-1', location: 'weur' } });

/** The routing handler with its validation and nothing before it. */
function bareApp() {
  const app = new OpenAPIHono<AppEnv>();
  mountRouting(app);
  return app;
}

const medianOf = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** ms on the wall, brought up to date by a timer. */
async function clock(): Promise<number> {
  await scheduler.wait(1);
  return performance.now();
}

async function timeBatch(app: { fetch: OpenAPIHono<AppEnv>['fetch'] }, key: string): Promise<number> {
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    'cf-connecting-ip': '192.0.2.1',
    'content-length': String(BODY.length),
  };
  const context = createExecutionContext();
  const startedAt = await clock();
  for (let at = 0; at < BATCH; at++) {
    const request = new Request('https://coordinator.test/v1/route', { method: 'POST', headers, body: BODY });
    const response = await app.fetch(request, env, context);
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  }
  return ((await clock()) - startedAt) / BATCH;
}

it('costs little to check a key', async () => {
  for (let at = 0; at < COMPONENTS; at++) {
    const id = `bench-${at}`;
    await call('POST', '/v1/components', silentRegistration(id));
    await call('POST', `/v1/components/${id}/heartbeat`, {});
  }
  const made = await call('POST', '/v1/keys', { name: 'bench', scopes: ['router'] });
  expect(made.status).toBe(201);
  await eventually(
    () => call('POST', '/v1/route', BODY),
    ({ status }) => status === 200,
  );

  const variants = {
    bare: { app: bareApp(), key: made.body.key as string },
    'router key': { app: createApp(), key: made.body.key as string },
    'admin key': { app: createApp(), key: 'test-admin-key' },
  };
  const times = new Map<string, number[]>(Object.keys(variants).map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, { app, key }] of Object.entries(variants)) {
      const ms = await timeBatch(app, key);
      // The first round warms up.
      if (round > 0) times.get(name)!.push(ms);
    }
  }
  const bare = medianOf(times.get('bare')!);
  for (const [name, values] of times) {
    const median = medianOf(values);
    console.log(
      `${name.padEnd(12)} ${(median * 1_000).toFixed(0).padStart(6)} µs a call   × ${(median / bare).toFixed(2)}`,
    );
  }
});
