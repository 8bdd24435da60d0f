import { afterEach, describe, expect, it, vi } from 'vitest';
import { outboundPolicyOf } from '../../../src/outbound/outbound-policy.ts';
import { probeHttp } from '../../../src/probe/http-probe.ts';
import { Prober } from '../../../src/probe/prober.ts';
import { eventually, freshId, setMode } from '../../support/coordinator-http.ts';
import type { ProberCall } from '../../support/six-at-a-time.ts';
import { limitToSixAtATime, numberedUrl, ownHostUrl } from '../../support/six-at-a-time.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { freshRegistry } from '../fresh-registry.ts';

const OF_EACH = 60;
const TIMEOUT_MS = 3_000;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Registers 60 hanging and 60 healthy components alternately, none of which was ever checked. */
async function registerMixed(registry: FreshRegistry): Promise<{ hanging: Set<string>; healthy: Set<string> }> {
  // Suppresses the checks that registering begins, so that the first round covers all components at once.
  vi.spyOn(Prober.prototype, 'run').mockResolvedValue();
  const [hanging, healthy] = [new Set<string>(), new Set<string>()];
  for (let at = 0; at < OF_EACH; at++) {
    for (const [kind, ids] of [
      ['hangs', hanging],
      ['healthy', healthy],
    ] as const) {
      const id = freshId(`c${String(at).padStart(2, '0')}-${kind}`);
      ids.add(id);
      if (kind === 'hangs') await setMode(id, 'hang');
      await registry.register(id, { healthCheck: { endpoint: ownHostUrl(id), timeout: TIMEOUT_MS, retries: 1 } });
    }
  }
  return { hanging, healthy };
}

const statuses = async ({ api }: FreshRegistry) => {
  const { items } = await api.components({ after: null, limit: 500, metadata: {} });
  return items.map(({ id, health }) => ({ id, status: health.status, lastFailure: health.lastFailure }));
};

const isDown = (status: string): boolean => status === 'unhealthy';

const isMixed = ({ targets }: ProberCall, hanging: ReadonlySet<string>): boolean =>
  new Set(targets.map(({ componentId }) => hanging.has(componentId))).size === 2;

describe('with six requests at a time in each invocation', () => {
  it('a seventh probe that waits for a connection times out, hence calls of six', async () => {
    limitToSixAtATime();
    const ids = Array.from({ length: 7 }, () => freshId());
    for (const id of ids.slice(0, 6)) await setMode(id, 'hang');
    const policy = outboundPolicyOf({ ALLOW_PRIVATE_ENDPOINTS: 'true' });
    const probe = (id: string, timeoutMs: number) => {
      const url = numberedUrl(ownHostUrl(id), 7);
      const times = { timeoutMs, degradedAfterMs: timeoutMs, suspicionMs: timeoutMs };
      return probeHttp({ url, method: 'GET', ...times }, policy, () => undefined);
    };
    const outcomes = await Promise.all(ids.map((id, at) => probe(id, at < 6 ? 2_000 : 500)));
    expect(outcomes[6]).toMatchObject({ kind: 'failed', error: { code: 'TIMEOUT' } });
  });

  it('60 hanging components do not make any of 60 healthy ones unhealthy', async () => {
    const registry = freshRegistry();
    const { hanging, healthy } = await registerMixed(registry);
    vi.restoreAllMocks();
    const calls = limitToSixAtATime();
    await registry.evict();
    const found = await eventually(
      () => statuses(registry),
      (all) =>
        all.filter(({ status }) => isDown(status)).length === OF_EACH &&
        all.every(({ status }) => status !== 'unknown'),
      25_000,
    );
    expect(found).toHaveLength(2 * OF_EACH);
    // Two more rounds, in which the hanging components are known.
    const untilKnown = calls.length;
    const reported = () => calls.flatMap((call) => call.reports).filter(({ outcome }) => outcome.kind !== 'unanswered');
    const least = async () => {
      const ids = reported().map(({ componentId }) => componentId);
      return Math.min(...[...healthy].map((id) => ids.filter((each) => each === id).length));
    };
    await eventually(least, (checks) => checks >= 3, 25_000);

    for (const { id, status, lastFailure } of await statuses(registry)) {
      expect({ id, down: isDown(status), failed: lastFailure !== null }).toEqual({
        id,
        down: hanging.has(id),
        failed: hanging.has(id),
      });
    }
    const failed = reported().filter(
      ({ componentId, outcome }) => healthy.has(componentId) && outcome.kind === 'failed',
    );
    expect(failed).toEqual([]);

    // No timeout ran while its request waited for a connection.
    expect(Math.max(...calls.map(({ targets }) => targets.length))).toBe(6);
    expect(calls.filter((call) => call.queued() > 0)).toEqual([]);
    // The first round mixed both kinds. From then on hanging components are in separate calls.
    expect(calls.slice(0, 20).some((call) => isMixed(call, hanging))).toBe(true);
    expect(calls.slice(untilKnown).filter((call) => isMixed(call, hanging))).toEqual([]);
    // The hosts are invented, so the test removes the components before it ends.
    for (const id of [...hanging, ...healthy]) await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
  }, 70_000);
});
