/**
 * Routing calls per second on bare workerd with a thousand components, relative to the same POST with the same
 * validation and a constant response. Also CPU time per call, leases, and the cost of key, limits and headers.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ratio } from '../ratio.ts';
import { ratioOf } from '../ratio.ts';
import type { BareWorkerd } from './bare-workerd.ts';
import { startWorkerd } from './bare-workerd.ts';
import { buildBundle } from './build-bundles.ts';
import { cpuSeconds } from './cpu-time.ts';
import type { PlainRequest } from './load-generator.ts';
import { sendLoad } from './load-generator.ts';
import { ADMIN_KEY, makeKey, seedComponents, send } from './seed.ts';

const ROUNDS = 5;
const CONNECTIONS = 32;
const ROUND_MS = 3_000;
const COMPONENTS = 1_000;

const OBJECTS = { COMPONENT_REGISTRY: 'ComponentRegistry', SYSTEM_COORDINATOR: 'SystemCoordinator' };
const TEXTS = { COORDINATOR_ADMIN_KEY: ADMIN_KEY, ALLOW_PRIVATE_ENDPOINTS: 'true' };

const payload = { taskId: 't-1', taskType: 'code-review', location: 'weur' };
const ROUTE: PlainRequest = { path: '/v1/route', body: JSON.stringify({ requestType: 'task_routing', payload }) };

/** Type with leases from lease blocks. */
const BLOCK_TYPE = 'caws_validator';

type Kind = 'route' | 'open' | 'lease' | 'block' | 'constant';

interface Measured {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

export async function throughputRatios(): Promise<Ratio[]> {
  const folder = mkdtempSync(join(tmpdir(), 'arbiter-bench-'));
  const workerd = await startWorkerd(
    [
      {
        name: 'coordinator',
        module: buildBundle('src/index.ts', join(folder, 'coordinator')),
        texts: TEXTS,
        objects: OBJECTS,
      },
      {
        name: 'open',
        module: buildBundle('test/bench/bare/open-worker.ts', join(folder, 'open')),
        texts: TEXTS,
        objects: OBJECTS,
      },
      { name: 'constant', module: buildBundle('test/bench/bare/constant-worker.ts', join(folder, 'constant')) },
    ],
    folder,
  );
  try {
    return await measureAll(workerd);
  } finally {
    await workerd.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureAll(workerd: BareWorkerd): Promise<Ratio[]> {
  const coordinator = workerd.urls['coordinator']!;
  await seedComponents(coordinator, COMPONENTS);
  await seedComponents(coordinator, COMPONENTS, BLOCK_TYPE);
  await send('PUT', `${coordinator}/v1/config/types/${BLOCK_TYPE}`, { leaseBlocks: { size: 16 } });
  await seedComponents(workerd.urls['open']!, COMPONENTS);
  const key = await makeKey(coordinator, ['router']);
  const measure = (worker: string, next: (response: string | null) => PlainRequest) => load(workerd, worker, key, next);
  const rounds: Record<Kind, Measured>[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const measured = {
      constant: await measure('constant', () => ROUTE),
      route: await measure('coordinator', () => ROUTE),
      open: await measure('open', () => ROUTE),
      lease: await measure('coordinator', leaseAndComplete('task_router')),
      block: await measure('coordinator', leaseAndComplete(BLOCK_TYPE)),
    };
    // The first round is a warm-up.
    if (round > 0) rounds.push(measured);
  }
  const perSecond = (name: Kind, by: Kind) =>
    rounds.map((round) => [round[name].perSecond, round[by].perSecond] as const);
  const cpu = rounds.map(({ route, constant }) => [route.cpuMicros, constant.cpuMicros] as const);
  const unit = 'a second';
  return [
    ratioOf('edge routes ÷ a constant response', perSecond('route', 'constant'), { atLeast: 0.9 }, unit),
    ratioOf('CPU of an edge route ÷ of a constant response', cpu, { atMost: 1.1 }, 'µs'),
    ratioOf('edge routes with key, limits, headers ÷ without', perSecond('route', 'open'), { atLeast: 0.8 }, unit),
    ratioOf('leases by durable calls ÷ a constant response', perSecond('lease', 'constant'), { atLeast: 0.18 }, unit),
    ratioOf('leases from durable blocks ÷ a constant response', perSecond('block', 'constant'), { atLeast: 0.5 }, unit),
  ];
}

async function load(
  { urls, pid }: BareWorkerd,
  worker: string,
  key: string,
  next: (response: string | null) => PlainRequest,
): Promise<Measured> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const usedBefore = cpuSeconds(pid);
  const { requests, seconds, byStatus } = await sendLoad({
    url: urls[worker]!,
    headers,
    next,
    connections: CONNECTIONS,
    durationMs: ROUND_MS,
  });
  if (Object.keys(byStatus).join() !== '200') throw new Error(`${worker} answered ${JSON.stringify(byStatus)}`);
  return { perSecond: requests / seconds, cpuMicros: ((cpuSeconds(pid) - usedBefore) / requests) * 1e6 };
}

const DONE = JSON.stringify({ outcome: 'success', latencyMs: 20 });

/** Alternates a lease and its completion on each connection. */
function leaseAndComplete(type: string): (response: string | null) => PlainRequest {
  const request = { path: '/v1/route', body: JSON.stringify({ type, payload, lease: { ttlMs: 30_000 } }) };
  return (response) => {
    const lease = response === null ? undefined : /"lease":\{"id":"([^"]+)"/.exec(response)?.[1];
    return lease === undefined ? request : { path: `/v1/leases/${lease}/complete`, body: DONE };
  };
}
