import { describe, expect, it } from 'vitest';
import type { ComponentRecord } from '../../../src/core/component/component-record.ts';
import { NO_RECOVERY } from '../../../src/core/component/component-record.ts';
import type { LifecycleState } from '../../../src/core/component/lifecycle.ts';
import { NO_ROOT_CAUSE } from '../../../src/core/component/root-cause.ts';
import type { DrillOutcome } from '../../../src/core/drill/drill.ts';
import type { DrillMode } from '../../../src/core/drill/active-drill.ts';
import {
  beginDrill,
  endDrill,
  injectedFailure,
  hasDrillExpired,
  liftDrill,
  recordDrillHealth,
  toDrill,
} from '../../../src/core/drill/drill.ts';
import { drillIdOf, typeOfDrill } from '../../../src/core/drill/drill-id.ts';
import { judgeDrill } from '../../../src/core/drill/judge-drill.ts';
import type { DrillContext } from '../../../src/core/drill/refuse-drill.ts';
import { refuseDrill } from '../../../src/core/drill/refuse-drill.ts';
import type { HealthState } from '../../../src/core/health/health-state.ts';
import { initialHealth } from '../../../src/core/health/health-state.ts';

const NOW = 1_000_000;
const BEGIN = { id: 'd-t-1', fault: 'refuse' as DrillMode, execute: false };
const drill = beginDrill(BEGIN, NOW, 300_000);

interface Made {
  readonly state?: LifecycleState;
  readonly health?: Partial<HealthState>;
  readonly rest?: Partial<ComponentRecord>;
}

function made(id: string, { state = 'active', health = {}, rest = {} }: Made = {}): ComponentRecord {
  const record = {
    registration: { id, type: 't', healthCheck: {} },
    lifecycle: { state, until: null, next: null },
    health: { ...initialHealth(0), status: 'healthy', ...health },
    recovery: NO_RECOVERY,
    dependencyState: NO_ROOT_CAUSE,
    ...rest,
  };
  return record as unknown as ComponentRecord;
}

const drilled = (health: Partial<HealthState> = {}): ComponentRecord =>
  made('a', { health, rest: { recovery: { ...NO_RECOVERY, drill } } });

const isRoutable = ({ lifecycle, health }: ComponentRecord): boolean =>
  lifecycle.state === 'active' && health.status !== 'unhealthy';

function sceneOf(more: Partial<DrillContext> = {}): DrillContext {
  return { record: made('a'), others: [made('b')], isRoutable, selfDoubt: 'sure', ...more };
}

describe('a drill', () => {
  it.each<[string, Partial<DrillContext>, string | null]>([
    ['starts if another component can take the work', {}, null],
    ['starts if only a standby can take it', { others: [made('b', { state: 'standby' })] }, null],
    ['starts for a standby', { record: made('a', { state: 'standby' }), others: [] }, null],
    ['is refused for the only component', { others: [] }, 'capacity-at-risk'],
    [
      'is refused if the only other one is draining',
      { others: [made('b', { state: 'draining' })] },
      'capacity-at-risk',
    ],
    [
      'is refused if the only other one is down',
      { others: [made('b', { health: { status: 'unhealthy' } })] },
      'capacity-at-risk',
    ],
    [
      'is refused if the only other one is suspect',
      { others: [made('b', { health: { suspect: true } })] },
      'capacity-at-risk',
    ],
    ['is refused while another drill runs', { others: [made('b'), drilled()] }, 'drill-running'],
    ['is refused during self-doubt', { selfDoubt: 'doubting' }, 'self-doubt'],
    [
      'is refused for a component that is down',
      { record: made('a', { health: { status: 'unhealthy' } }) },
      'component-not-healthy',
    ],
    [
      'is refused for a component out of service',
      { record: made('a', { state: 'maintenance' }) },
      'component-not-healthy',
    ],
    [
      'is refused for a component with a failed dependency',
      { record: made('a', { rest: { dependencyState: { rootCause: ['x'], sequence: 1, since: 0 } } }) },
      'component-not-healthy',
    ],
    [
      'is refused for a component without a health check',
      { record: made('a', { rest: { registration: { id: 'a', type: 't' } as ComponentRecord['registration'] } }) },
      'no-health-check',
    ],
  ])('%s', (_, scene, reason) => {
    expect(refuseDrill(sceneOf(scene))?.reason ?? null).toBe(reason);
  });

  it('records the first observations, and injects the failure until it is lifted', () => {
    const health = initialHealth(0);
    const suspect = recordDrillHealth(drilled(), { ...health, suspect: true }, NOW + 1);
    const down = recordDrillHealth(suspect, { ...health, status: 'unhealthy' }, NOW + 2);
    expect(down.recovery.drill).toMatchObject({ suspectAt: NOW + 1, unhealthyAt: NOW + 2 });
    expect(recordDrillHealth(down, { ...health, status: 'unhealthy' }, NOW + 3)).toBe(down);
    expect(injectedFailure(down)).toBe('refuse');
    const free = liftDrill(down, NOW + 4);
    expect(injectedFailure(free)).toBeNull();
    expect(liftDrill(free, NOW + 5)).toBe(free);
  });

  it('removes its falls and failures when it ends', () => {
    const record = drilled({ flap: { falls: [NOW - 5, NOW, NOW + 7], heldUntil: NOW + 90_000 } });
    const end = endDrill(record, 'proven', NOW + 10)!;
    expect(end.record.health.flap).toEqual({ falls: [NOW - 5], heldUntil: null });
    expect(end.record.recovery).toMatchObject({ drill: null, settledUntil: NOW + 10 });
    expect(end.drill).toMatchObject({ outcome: 'proven', endedAt: NOW + 10, faultEndedAt: NOW + 10, componentId: 'a' });
    expect(endDrill(end.record, 'proven', NOW + 11)).toBeNull();
  });

  it('expires at its end, and when the clock went back before its beginning', () => {
    expect([NOW, NOW + 299_999, NOW + 300_000, NOW - 1_001].map((at) => hasDrillExpired(drill, at))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  it('has an id that contains the component type', () => {
    expect(typeOfDrill(drillIdOf('task_router', 'a'.repeat(32)))).toBe('task_router');
    expect(typeOfDrill('d-task_router-1')).toBeUndefined();
  });
});

describe('judgeDrill', () => {
  const finishedDrill = (fault: DrillMode, at: Record<string, number>, outcome: DrillOutcome = 'proven') => ({
    ...toDrill({ id: 'a', type: 't' }, { ...drill, fault }),
    ...Object.fromEntries(Object.entries(at).map(([name, ms]) => [name, NOW + ms])),
    outcome,
  });
  const good = { suspectAt: 4_000, unhealthyAt: 5_500, recoveryStartedAt: 9_000, provenAt: 12_000 };
  const restart = [{ action: 'restart', finishedAt: NOW + 9_500 }];

  it.each<[string, ReturnType<typeof finishedDrill>, boolean | null]>([
    ['passes within the promised times', finishedDrill('refuse', good), true],
    ['fails if the suspicion is late', finishedDrill('refuse', { ...good, suspectAt: 4_001 }), false],
    ['allows more time for a hanging component', finishedDrill('hang', { ...good, suspectAt: 7_000 }), true],
    ['fails if the recovery starts late', finishedDrill('unavailable', { ...good, recoveryStartedAt: 17_001 }), false],
    ['fails if the proof is late', finishedDrill('refuse', { ...good, provenAt: 25_001 }), false],
    [
      'fails without a proof',
      finishedDrill('refuse', { suspectAt: 1, unhealthyAt: 2, recoveryStartedAt: 3 }, 'failed'),
      false,
    ],
    ['is undecided while the drill runs', finishedDrill('refuse', good, 'running'), null],
  ])('%s', (_, report, passed) => {
    expect(judgeDrill(report, restart).passed).toBe(passed);
  });

  it('measures a switchover if there was one, and promises no proof without a restart', () => {
    const actions = [{ action: 'switchover', finishedAt: NOW + 20_001 }];
    const { steps, passed } = judgeDrill(finishedDrill('refuse', { ...good, provenAt: 60_000 }), actions);
    expect(steps.find(({ step }) => step === 'switchover')).toEqual({
      step: 'switchover',
      afterMs: 20_001,
      promisedMs: 20_000,
      passed: false,
    });
    expect(steps.at(-1)).toEqual({ step: 'proven', afterMs: 60_000, promisedMs: null, passed: null });
    expect(passed).toBe(false);
  });
});
