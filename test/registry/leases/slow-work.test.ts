/** One slow lease among quick ones: the component soon gets work again. The test drives the clock. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { FreshRegistry } from '../fresh-registry.ts';
import { freshRegistry } from '../fresh-registry.ts';
import { acquireLease, registerHealthy } from './leasing.ts';

const WORK_MS = 200;
const SLOW_MS = 10_000;
const STEP_MS = 100;

interface Held {
  readonly leaseId: string;
  readonly since: number;
  readonly until: number;
}

/** Two callers in turn, each with one lease at a time, until `end`. Returns the leases granted per component. */
async function work(
  registry: FreshRegistry,
  end: number,
  durationOf: (id: string) => number,
): Promise<Map<string, number>> {
  const granted = new Map<string, number>();
  const held: Held[] = [];
  for (let now = Date.now(); now < end; now += STEP_MS) {
    vi.setSystemTime(now);
    for (const lease of held.filter(({ until }) => until <= now)) {
      held.splice(held.indexOf(lease), 1);
      const completion = { outcome: 'success', latencyMs: now - lease.since, error: null } as const;
      await registry.api.completeLease(lease.leaseId, completion);
    }
    while (held.length < 2) {
      const { lease, candidate } = await acquireLease(registry);
      granted.set(candidate.id, (granted.get(candidate.id) ?? 0) + 1);
      held.push({ leaseId: lease!.id, since: now, until: now + durationOf(candidate.id) });
    }
  }
  for (const { leaseId } of held)
    await registry.api.completeLease(leaseId, { outcome: 'success', latencyMs: WORK_MS, error: null });
  return granted;
}

describe('a component with one lease of ten seconds among leases of 200 ms', () => {
  afterEach(() => void vi.useRealTimers());

  it('gets at least a quarter of the work of two within 30 s', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const registry = freshRegistry();
    const [slow] = [
      await registerHealthy(registry, { maxConcurrentTasks: 20 }),
      await registerHealthy(registry, { maxConcurrentTasks: 20 }),
    ];
    await work(registry, Date.now() + 2_000, () => WORK_MS);
    let isFirst = true;
    const once = (id: string): number => {
      if (id !== slow || !isFirst) return WORK_MS;
      isFirst = false;
      return SLOW_MS;
    };
    await work(registry, Date.now() + SLOW_MS + 500, once);
    expect(isFirst).toBe(false);
    await work(registry, Date.now() + 20_000, () => WORK_MS);
    const granted = await work(registry, Date.now() + 10_000, () => WORK_MS);
    const total = [...granted.values()].reduce((sum, count) => sum + count, 0);
    expect(granted.get(slow)! / total).toBeGreaterThanOrEqual(0.25);
  });
});
