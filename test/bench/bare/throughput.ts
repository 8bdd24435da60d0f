/**
 * Routing calls a second on bare workerd, a thousand components behind them, against the same POST with the same
 * validation that answers a constant; CPU time a call; leases; what the walls (key, limits, headers) cost.
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

/** Has its leases granted out of blocks. */
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
  const measure = (worker: string, next: (answer: string | null) => PlainRequest) => load(workerd, worker, key, next);
  const rounds: Record<Kind, Measured>[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const measured = {
      constant: await measure('constant', () => ROUTE),
      route: await measure('coordinator', () => ROUTE),
      open: await measure('open', () => ROUTE),
      lease: await measure('coordinator', leaseAndComplete('task_router')),
      block: await measure('coordinator', leaseAndComplete(BLOCK_TYPE)),
    };
    // The first round warms up.
    if (round > 0) rounds.push(measured);
  }
  const perSecond = (name: Kind, by: Kind) =>
    rounds.map((round) => [round[name].perSecond, round[by].perSecond] as const);
  const cpu = rounds.map(({ route, constant }) => [route.cpuMicros, constant.cpuMicros] as const);
  const unit = 'a second';
  return [
    ratioOf('edge routes ÷ a constant answer', perSecond('route', 'constant'), { atLeast: 0.9 }, unit),
    ratioOf('CPU of an edge route ÷ of a constant answer', cpu, { atMost: 1.1 }, 'µs'),
    ratioOf('edge routes with key, limits, headers ÷ without', perSecond('route', 'open'), { atLeast: 0.8 }, unit),
    ratioOf('leases by durable calls ÷ a constant answer', perSecond('lease', 'constant'), { atLeast: 0.18 }, unit),
    ratioOf('leases from durable blocks ÷ a constant answer', perSecond('block', 'constant'), { atLeast: 0.5 }, unit),
  ];
}

async function load(
  { urls, pid }: BareWorkerd,
  worker: string,
  key: string,
  next: (answer: string | null) => PlainRequest,
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

/** A lease, its completion, a lease, … on each connection. */
function leaseAndComplete(type: string): (answer: string | null) => PlainRequest {
  const asked = { path: '/v1/route', body: JSON.stringify({ type, payload, lease: { ttlMs: 30_000 } }) };
  return (answer) => {
    const lease = answer === null ? undefined : /"lease":\{"id":"([^"]+)"/.exec(answer)?.[1];
    return lease === undefined ? asked : { path: `/v1/leases/${lease}/complete`, body: DONE };
  };
}
