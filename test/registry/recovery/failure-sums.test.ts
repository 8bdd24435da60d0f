/** Failure reports beyond the budget of rows: counted at once, and written as one row a minute. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { FailureEvaluation } from '../../../src/core/failure/failure-manager-api.ts';
import { FailurePageSchema } from '../../../src/api/schemas/failure.ts';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import { deliverNow, freshRegistry } from '../fresh-registry.ts';
import type { FreshRegistry } from '../fresh-registry.ts';

const MINUTE = 60_000;

interface Rows {
  readonly rows: number;
  readonly occurrences: number;
}

async function rowsOf(condition: string, value: string): Promise<Rows> {
  const sql = `SELECT COUNT(*) AS rows, SUM(occurrences) AS occurrences FROM failures WHERE ${condition} = ?`;
  return (await env.HISTORY.prepare(sql).bind(value).first<Rows>())!;
}

/** A registry whose clock stands still. `advance` moves the clock and runs what is due by then. */
function stoppedRegistry() {
  const registry = freshRegistry();
  vi.useFakeTimers({ toFake: ['Date'], now: Math.ceil(Date.now() / MINUTE) * MINUTE + 1_000 });
  onTestFinished(() => void vi.useRealTimers());
  const advance = async (ms: number): Promise<void> => {
    vi.setSystemTime(Date.now() + ms);
    await runInDurableObject(registry.stub, (instance: ComponentRegistry) => instance['runtime'].tick(Date.now()));
    await deliverNow(registry);
  };
  return { registry, advance };
}

/** Components that drain, so that no recovery begins. */
async function draining(registry: FreshRegistry, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => freshId());
  for (const id of ids) {
    await registry.register(id, { healthCheck: undefined, heartbeat: { ttl: 3_600_000 } });
    await registry.api.remove(id, { drainMs: 3_600_000, ifGeneration: null });
  }
  return ids;
}

const TIMED_OUT = { code: 'ETIMEDOUT', message: 'no response within 5 s' };

it('merges the reports of a key at its limit into a row a minute, and counts each of them', async () => {
  const { registry, advance } = stoppedRegistry();
  const [id] = (await draining(registry, 1)) as [string];
  const report = (error: { code?: string; message: string }) =>
    registry.api.reportFailure(id, error, null, null, 'router-1');
  let accepted = 0;
  for (let second = 0; second < 150; second++) {
    for (const error of [TIMED_OUT, { message: 'out of memory' }]) if ((await report(error)).ok) accepted++;
    if (second % 20 === 19) await advance(20_000);
    if (second === 75) await registry.evict();
  }
  await advance(2 * MINUTE);
  await advance(2 * MINUTE);
  const { rows, occurrences } = await rowsOf('component_id', id);
  expect(occurrences).toBe(accepted);
  expect(accepted).toBeGreaterThanOrEqual(200);
  // An eviction refills the burst of 30.
  expect(rows).toBeLessThanOrEqual(2 * 30 + 2 * 7);

  const page = await call('GET', `/v1/failures?componentId=${id}`);
  expect(FailurePageSchema.parse(page.body)).toEqual(page.body);
  const { items } = page.body as { items: { occurrences: number; occurredAt: string; lastOccurredAt: string }[] };
  const sums = items.filter((item) => item.occurrences > 1);
  expect(sums.length).toBeGreaterThan(0);
  for (const { occurredAt, lastOccurredAt } of sums) expect(lastOccurredAt >= occurredAt).toBe(true);
  const stats = await call('GET', `/v1/failures/stats?componentId=${id}&bucket=minute`);
  expect(stats.body.totalFailures).toBe(accepted);
});

it('names one failure in the receipts of merged reports, whose counts go on', async () => {
  const { registry, advance } = stoppedRegistry();
  const [id] = (await draining(registry, 1)) as [string];
  const receipts: FailureEvaluation[] = [];
  for (let at = 0; at < 40; at++) {
    const receipt = await registry.api.reportFailure(id, TIMED_OUT, null, null, 'router-2');
    if (receipt.ok) receipts.push(receipt.value);
  }
  expect(receipts.at(-1)!.recentFailures).toBe(40);
  expect(new Set(receipts.slice(30).map(({ failureId }) => failureId)).size).toBe(1);
  await advance(MINUTE);
  const found = await call('GET', `/v1/failures?componentId=${id}`);
  const sum = found.body.items.find((item: { id: string }) => item.id === receipts.at(-1)!.failureId);
  expect(sum).toMatchObject({ occurrences: 10, message: TIMED_OUT.message, failureType: 'timeout_failure' });
});

it('bounds the rows of a key over all components of a type, and leaves the rows of others', async () => {
  const { registry, advance } = stoppedRegistry();
  const ids = await draining(registry, 15);
  let accepted = 0;
  for (let round = 0; round < 24; round++)
    for (const id of ids) if ((await registry.api.reportFailure(id, TIMED_OUT, null, null, 'router-3')).ok) accepted++;
  await registry.api.reportFailure(ids[0]!, TIMED_OUT, null, null, 'innocent');
  await deliverNow(registry);
  const burst = await rowsOf('component_type', registry.type);
  expect(burst).toEqual({ rows: 301, occurrences: 301 });
  for (let minute = 0; minute < 3; minute++) await advance(MINUTE);
  expect(await rowsOf('component_type', registry.type)).toEqual({ rows: 316, occurrences: accepted + 1 });
}, 60_000);
