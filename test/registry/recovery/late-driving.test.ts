import { runInDurableObject } from 'cloudflare:test';
import { NO_WORK } from '../../../src/core/failure/recovery-work.ts';
import { expect, it } from 'vitest';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { freshId } from '../../support/coordinator-http.ts';
import { freshRegistry } from '../fresh-registry.ts';

const SIZE = 12;
const LIMIT = 4;
const PROOF_MS = 60_000;
const STEP_MS = 5_000;
const SWEEP_MS = 60_000;
const END_MS = 3_600_000;

/** A small generator of random numbers from 0 to 1 (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A dead component with the workflow of its recovery, which a late machine drives rarely. */
interface Simulated {
  readonly id: string;
  readonly bootMs: number;
  recoveryId: string | null;
  actions: number;
  restartedAt: number | null;
  wakesAt: number;
  isBack: boolean;
}

/** Runs the type for an hour of simulated time, by sweeps alone. Returns the largest number of restarts at once. */
async function simulate(instance: ComponentRegistry, ids: readonly string[], random: () => number) {
  const { recoveries, permissions, verifications, health, state } = instance['runtime'];
  let now = Date.now() + 1_000;
  const begin = now;
  const all = ids.map((id): Simulated => {
    // A third never comes back.
    const bootMs = random() < 0.33 ? Infinity : 5_000 + random() * 50_000;
    return { id, bootMs, recoveryId: null, actions: 0, restartedAt: null, wakesAt: now, isBack: false };
  });
  let nextSweep = now;
  let most = 0;
  let restarts = 0;

  const drive = async (each: Simulated): Promise<void> => {
    const active = state.members.get(each.id)!.record.recovery.active;
    if (each.recoveryId === null) {
      if (each.isBack) return;
      const cause = { occurredAt: now, failureId: `f-${each.id}-${now}`, failureType: 'health_check_failure' } as const;
      const begun = await recoveries.begin(each.id, { ...cause, reason: 'r' }, () => now);
      if (begun.ok) Object.assign(each, { recoveryId: begun.value.order.recoveryId, actions: 0 });
      return;
    }
    if (active?.verification) return;
    const end = (outcome: 'successful' | 'failed' | 'timeout'): void => {
      recoveries.end(each.id, each.recoveryId!, { outcome, work: NO_WORK }, now);
      each.recoveryId = null;
    };
    if (each.isBack) return end('successful');
    if (active && each.actions > 0 && now >= active.order.deadline) return end('timeout');
    if (each.actions === 2) return end('failed');
    const permission = await permissions.permit(each.id, each.recoveryId, true, () => now);
    if (permission === 'overdue') return end('timeout');
    if (permission !== 'permitted') return;
    each.actions++;
    restarts++;
    each.restartedAt = now;
    verifications.begin(each.id, each.recoveryId, each.actions, PROOF_MS, now);
  };

  for (; now < begin + END_MS; now += STEP_MS) {
    for (const each of all) {
      if (each.restartedAt !== null && now >= each.restartedAt + each.bootMs) {
        const member = state.members.get(each.id)!;
        health.observe([{ member, signal: { kind: 'heartbeat', status: 'healthy' }, ended: null }], now);
        each.isBack = true;
        each.restartedAt = null;
      }
      if (now < each.wakesAt) continue;
      await drive(each);
      each.wakesAt = now + STEP_MS + random() * 90_000;
    }
    if (now >= nextSweep) {
      verifications.expire(now);
      nextSweep = now + SWEEP_MS + random() * 30_000;
    }
    const underWay = all.filter(({ restartedAt }) => restartedAt !== null && now < restartedAt + PROOF_MS).length;
    most = Math.max(most, underWay);
  }
  return { most, restarts };
}

it.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'a type that only late sweeps drive restarts a third at once, seed %i',
  async (seed) => {
    const registry = freshRegistry();
    const ids = Array.from({ length: SIZE }, () => freshId());
    for (const id of ids) await registry.register(id, { healthCheck: undefined, heartbeat: { ttl: 3_600_000 } });
    const { most, restarts } = await runInDurableObject(registry.stub, (instance: ComponentRegistry) =>
      simulate(instance, ids, randomFrom(seed)),
    );
    expect(restarts).toBeGreaterThan(SIZE / 2);
    expect(most).toBeLessThanOrEqual(LIMIT);
  },
);
