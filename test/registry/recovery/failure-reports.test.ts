import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import type { ProbeOutcome } from '../../../src/core/health/check.ts';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import type { AttemptReport } from '../../../src/probe/probe-runner.ts';
import { eventually, freshId, registrationFor, setMode } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { freshRegistry } from '../fresh-registry.ts';

const passed: ProbeOutcome = { kind: 'passed', status: 'healthy', responseTimeMs: 5, details: null };
const failed: ProbeOutcome = {
  kind: 'failed',
  error: { code: 'ECONNREFUSED', message: 'the connection was refused' },
  responseTimeMs: 5,
  details: null,
};

interface UnderCheck {
  readonly registry: FreshRegistry;
  readonly id: string;
  /** A report on the first attempt of the running check. */
  readonly report: Omit<AttemptReport, 'outcome'>;
}

/** A healthy component with a hanging check. For 20 s only the test reports on that check. */
async function underCheck(retries = 0): Promise<UnderCheck> {
  const registry = freshRegistry();
  const id = freshId();
  const { healthCheck } = registrationFor(id) as { healthCheck: Record<string, unknown> };
  await registry.register(id, { healthCheck: { ...healthCheck, timeout: 20_000, retries } });
  await eventually(
    () => registry.read(id),
    (component) => component.health.status === 'healthy',
  );
  await setMode(id, 'hang');
  void registry.api.probe(id);
  const report = await eventually(
    () => runInDurableObject(registry.stub, (instance: ComponentRegistry) => runningCheck(instance, id)),
    (found) => found !== null,
  );
  return { registry, id, report: report! };
}

function runningCheck(instance: ComponentRegistry, componentId: string): UnderCheck['report'] | null {
  const { check } = instance['runtime'].state.members.get(componentId)!;
  return check && { componentId, checkId: check.id, attempt: 0 };
}

const deliver = (registry: FreshRegistry, ...reports: AttemptReport[]): Promise<void> =>
  runInDurableObject(registry.stub, async (instance: ComponentRegistry) => instance['runtime'].applyReports(reports));

const failuresOf = async ({ registry, id }: UnderCheck): Promise<number> => (await registry.read(id)).health.errorCount;

describe.concurrent('reports of the prober', () => {
  it('decide a check once, and later reports change nothing', async () => {
    const check = await underCheck();
    const { registry, id, report } = check;
    await deliver(registry, { ...report, outcome: passed });
    await deliver(
      registry,
      { ...report, outcome: failed },
      { ...report, outcome: { kind: 'unanswered', afterMs: 2_500 } },
    );
    expect((await registry.read(id)).health).toMatchObject({ status: 'healthy', suspect: false });
    expect(await failuresOf(check)).toBe(0);
  });

  it('count one failed attempt once, however often it is reported', async () => {
    const { registry, id, report } = await underCheck(1);
    await deliver(
      registry,
      { ...report, outcome: failed },
      { ...report, outcome: failed },
      { ...report, outcome: failed },
    );
    expect((await registry.read(id)).health).toMatchObject({ status: 'healthy', suspect: true, errorCount: 0 });
  });

  it('make one failure of a check whose last attempt failed, also when reported twice', async () => {
    const check = await underCheck();
    await deliver(check.registry, { ...check.report, outcome: failed });
    expect((await check.registry.read(check.id)).health.status).toBe('unhealthy');
    await deliver(check.registry, { ...check.report, outcome: failed });
    expect(await failuresOf(check)).toBe(1);
  });

  it('pass the check when the first attempt passes late', async () => {
    const { registry, id, report } = await underCheck(1);
    await deliver(registry, { ...report, outcome: { kind: 'unanswered', afterMs: 2_500 } });
    expect((await registry.read(id)).health.suspect).toBe(true);
    await deliver(registry, { ...report, outcome: passed });
    expect((await registry.read(id)).health).toMatchObject({ status: 'healthy', suspect: false, errorCount: 0 });
  });

  it('do not affect another check, attempt or component', async () => {
    const check = await underCheck();
    const { registry, id, report } = check;
    const foreign = [
      { ...report, checkId: report.checkId + 1 },
      { ...report, attempt: 1 },
      { ...report, componentId: freshId() },
    ];
    await deliver(registry, ...foreign.map((each) => ({ ...each, outcome: failed })));
    expect((await registry.read(id)).health).toMatchObject({ status: 'healthy', suspect: false, errorCount: 0 });
  });

  it('are void once the component is registered with another endpoint', async () => {
    const check = await underCheck();
    const { registry, id, report } = check;
    const { healthCheck } = registrationFor(freshId('other')) as { healthCheck: Record<string, unknown> };
    await registry.register(id, { healthCheck });
    await deliver(registry, { ...report, outcome: failed });
    expect(await failuresOf(check)).toBe(0);
    await eventually(
      () => registry.read(id),
      (component) => component.health.status === 'healthy',
    );
    expect(await failuresOf(check)).toBe(0);
  });

  it('still count when the component registers again unchanged', async () => {
    const check = await underCheck();
    const { registry, id, report } = check;
    const { healthCheck } = await registry.read(id);
    await registry.register(id, { healthCheck });
    await deliver(registry, { ...report, outcome: failed });
    expect((await registry.read(id)).health.status).toBe('unhealthy');
    expect(await failuresOf(check)).toBe(1);
  });

  it('are void once the component is removed', async () => {
    const { registry, id, report } = await underCheck();
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    await deliver(registry, { ...report, outcome: failed });
    expect(await registry.api.component(id)).toMatchObject({ ok: false, reason: 'unknown-component' });
    expect(await registry.rows('SELECT id FROM components')).toEqual([]);
  });
});
