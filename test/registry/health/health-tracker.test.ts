import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it, vi } from 'vitest';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { freshId } from '../../support/coordinator-http.ts';
import { freshRegistry } from '../fresh-registry.ts';

describe('a component that stays down', () => {
  it('costs no row for each failed check, and one each minute in which the failure is recorded', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, { healthCheck: undefined, heartbeat: { ttl: 3_600_000 } });
    await registry.beat(id);
    await runInDurableObject(registry.stub, (instance: ComponentRegistry) => {
      const { state } = instance['runtime'];
      const member = state.members.get(id)!;
      const error = { code: 'HTTP_503', message: 'answered HTTP 503' };
      const signal = { kind: 'check-failed', error, details: null } as const;
      const fail = (at: number) => instance['runtime'].observe([{ member, signal, ended: null }], at);
      const now = Date.now();
      for (let second = 0; second < 5; second++) fail(now + second * 1_000);
      expect(member.record.health).toMatchObject({ status: 'unhealthy', consecutiveFailures: 5 });
      const commit = vi.spyOn(state, 'commit');
      for (let second = 5; second <= 65; second += 4) fail(now + second * 1_000);
      expect(commit).toHaveBeenCalledTimes(1);
      // The result is known nevertheless.
      expect(member.record.health.consecutiveFailures).toBe(21);
      commit.mockRestore();
    });
  });
});
