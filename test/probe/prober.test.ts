import { exports } from 'cloudflare:workers';
import { describe, expect, inject, it } from 'vitest';
import type { AttemptReport, ProbeRunner, ProbeTarget } from '../../src/probe/probe-runner.ts';
import { MAX_TARGETS_PER_CALL } from '../../src/probe/probe-runner.ts';
import { componentLog, freshId, setMode } from '../support/coordinator-http.ts';

const { Prober: prober } = exports as unknown as { readonly Prober: ProbeRunner };

const TIMEOUT_MS = 1_500;

async function targetIn(mode: string): Promise<ProbeTarget> {
  const componentId = freshId();
  await setMode(componentId, mode);
  return {
    componentId,
    url: `${inject('componentUrl')}/${componentId}/health`,
    method: 'GET',
    headers: {},
    expect: {},
    details: false,
    degradedAfterMs: 1_000,
    order: { checkId: 42, attempt: 3, timeoutMs: TIMEOUT_MS, suspicionMs: 500 },
  };
}

interface Arrival extends AttemptReport {
  readonly afterMs: number;
}

async function run(targets: readonly ProbeTarget[]): Promise<{ arrivals: Arrival[]; calls: number }> {
  const started = Date.now();
  const arrivals: Arrival[] = [];
  let calls = 0;
  await prober.run(targets, async (reports) => {
    calls++;
    for (const report of reports) arrivals.push({ ...report, afterMs: Date.now() - started });
  });
  return { arrivals, calls };
}

describe('a batch of probes', () => {
  it('reports each target with its check and attempt', async () => {
    const target = await targetIn('healthy');
    const { arrivals } = await run([target]);
    expect(arrivals).toHaveLength(1);
    expect(arrivals[0]).toMatchObject({
      componentId: target.componentId,
      checkId: 42,
      attempt: 3,
      outcome: { kind: 'passed', status: 'healthy' },
    });
  });

  it('reports healthy targets in few calls', async () => {
    const targets = await Promise.all(Array.from({ length: MAX_TARGETS_PER_CALL }, () => targetIn('healthy')));
    const { arrivals, calls } = await run(targets);
    expect(arrivals.map((each) => each.componentId).toSorted()).toEqual(
      targets.map((each) => each.componentId).toSorted(),
    );
    expect(calls).toBeLessThan(targets.length);
  });

  it('is refused with more than six targets, without any probe', async () => {
    const targets = await Promise.all(Array.from({ length: MAX_TARGETS_PER_CALL + 1 }, () => targetIn('healthy')));
    await expect(run(targets)).rejects.toThrow('7 targets');
    for (const { componentId } of targets) expect((await componentLog(componentId)).checks).toBe(0);
  });

  it('does not delay the other reports because one target hangs', async () => {
    const hanging = await targetIn('hang');
    const others = await Promise.all(['healthy', 'unavailable', 'degraded', 'reset', 'healthy'].map(targetIn));
    const { arrivals } = await run([hanging, ...others]);
    for (const { componentId } of others) {
      const own = arrivals.filter((each) => each.componentId === componentId);
      expect(own).toHaveLength(1);
      expect(own[0]!.afterMs).toBeLessThan(TIMEOUT_MS - 200);
    }
    const late = arrivals.filter((each) => each.componentId === hanging.componentId);
    expect(late.map((each) => each.outcome.kind)).toEqual(['unanswered', 'failed']);
    expect(late[0]!.afterMs).toBeLessThan(TIMEOUT_MS - 200);
    expect(late[1]!.outcome).toMatchObject({ error: { code: 'TIMEOUT' } });
  });
});
