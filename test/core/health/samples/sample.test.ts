import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../src/core/health/samples/availability.ts';
import type { HealthStatus } from '../../../../src/core/health/health-status.ts';
import {
  packMinutes,
  packSample,
  splitMinutes,
  unpackAll,
  unpackSample,
} from '../../../../src/core/health/samples/pack-sample.ts';
import type { OpenSample, Sample, SampleStatus, TimedSample } from '../../../../src/core/health/samples/sample.ts';
import {
  MAX_GAP_MS,
  advance,
  countCheck,
  openSample,
  rollUpSamples,
} from '../../../../src/core/health/samples/sample.ts';

const T0 = 1_800_000_000_000;
const statusOf = (status: HealthStatus, counts = true): SampleStatus => ({ status, counts });
const UP = statusOf('healthy');
const DOWN = statusOf('unhealthy');

const sample = (changes: Partial<Sample> = {}): Sample => ({
  status: 'healthy',
  checks: 0,
  failed: 0,
  minMs: null,
  meanMs: null,
  maxMs: null,
  upMs: 0,
  observedMs: 0,
  ...changes,
});

describe('advance', () => {
  it.each<[string, SampleStatus, number, number]>([
    ['healthy', UP, 20_000, 20_000],
    ['degraded', statusOf('degraded'), 20_000, 20_000],
    ['unhealthy', DOWN, 0, 20_000],
    ['unknown', statusOf('unknown'), 0, 0],
    ['healthy in maintenance', statusOf('healthy', false), 0, 0],
    ['unhealthy in maintenance', statusOf('unhealthy', false), 0, 0],
  ])('counts the time of a component that is %s', (_, status, upMs, observedMs) => {
    const { next } = advance(openSample(status, T0), UP, T0 + 20_000);
    expect(next.sample).toMatchObject({ upMs, observedMs });
  });

  it('counts time under the status at that time, and keeps the status at the end', () => {
    const down = advance(openSample(UP, T0), DOWN, T0 + 15_000).next;
    const { closed, next } = advance(down, DOWN, T0 + MINUTE_MS + 5_000);
    const expected = sample({ status: 'unhealthy', upMs: 15_000, observedMs: MINUTE_MS });
    expect(closed).toEqual([{ at: T0, ...expected }]);
    expect(next).toMatchObject({ minute: T0 + MINUTE_MS, sample: { upMs: 0, observedMs: 5_000 } });
  });

  it('closes every complete minute if called late', () => {
    const { closed } = advance(openSample(UP, T0 + 30_000), UP, T0 + 2 * MINUTE_MS + 1);
    expect(closed.map(({ at, upMs }) => [at - T0, upMs])).toEqual([
      [0, 30_000],
      [MINUTE_MS, MINUTE_MS],
    ]);
  });

  it.each([
    ['the last call was long ago', MAX_GAP_MS + 1],
    ['the clock stepped forward', DAY_MS],
    ['the clock stepped back', -DAY_MS],
    ['the clock stepped back a little', -20_000],
  ])('counts no time if %s', (_, step) => {
    const before = advance(openSample(UP, T0), UP, T0 + 30_000).next;
    const { next, closed } = advance(before, UP, T0 + 30_000 + step);
    const observed = closed.reduce((sum, each) => sum + each.observedMs, next.sample.observedMs);
    expect(observed).toBe(30_000);
    expect(next.until).toBe(T0 + 30_000 + step);
  });

  it('sums up to the observed time, despite clock steps', () => {
    const step = fc.record({
      ms: fc.oneof(fc.integer({ min: 0, max: MAX_GAP_MS }), fc.integer({ min: -DAY_MS, max: DAY_MS })),
      status: fc.record({
        status: fc.constantFrom<HealthStatus>('healthy', 'degraded', 'unhealthy', 'unknown'),
        counts: fc.boolean(),
      }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let open: OpenSample = openSample(UP, T0);
        let [now, observed, up] = [T0, 0, 0];
        const all: TimedSample[] = [];
        for (const { ms, status: nextStatus } of steps) {
          const { status, counts } = open.status;
          if (ms >= 0 && ms <= MAX_GAP_MS && counts && status !== 'unknown') {
            observed += ms;
            if (status !== 'unhealthy') up += ms;
          }
          now += ms;
          const advanced = advance(open, nextStatus, now);
          all.push(...advanced.closed);
          open = advanced.next;
        }
        const total = [...all, open.sample].reduce(
          (sum, each) => ({ up: sum.up + each.upMs, observed: sum.observed + each.observedMs }),
          { up: 0, observed: 0 },
        );
        expect(total).toEqual({ up, observed });
        for (const each of all) expect(each.upMs <= each.observedMs && each.upMs >= 0).toBe(true);
      }),
    );
  });
});

describe('countCheck', () => {
  it('counts checks and failures, and keeps response times', () => {
    let open = openSample(UP, T0);
    for (const ms of [10, null, 40, 10]) open = countCheck(open, ms);
    expect(open.sample).toMatchObject({ checks: 4, failed: 1, minMs: 10, meanMs: 20, maxMs: 40, status: 'healthy' });
  });
});

describe('rollUpSamples', () => {
  it('is undefined without samples, and otherwise the sum with the last status', () => {
    expect(rollUpSamples([])).toBeUndefined();
    const first = sample({ checks: 3, failed: 1, minMs: 5, meanMs: 10, maxMs: 15, upMs: 10, observedMs: 20 });
    const second = sample({ status: 'degraded', checks: 1, minMs: 40, meanMs: 40, maxMs: 40, upMs: 5, observedMs: 5 });
    expect(rollUpSamples([first, sample({ checks: 1, failed: 1 }), second])).toEqual(
      sample({ status: 'degraded', checks: 5, failed: 2, minMs: 5, meanMs: 20, maxMs: 40, upMs: 15, observedMs: 25 }),
    );
  });
});

describe('packed samples', () => {
  const ms = fc.option(fc.nat(60_000));
  const any = fc.record({
    status: fc.constantFrom<HealthStatus>('healthy', 'degraded', 'unhealthy', 'unknown'),
    checks: fc.nat(100),
    failed: fc.nat(100),
    minMs: ms,
    meanMs: ms,
    maxMs: ms,
    upMs: fc.nat(HOUR_MS),
    observedMs: fc.nat(HOUR_MS),
  });

  it('round-trip', () => {
    fc.assert(
      fc.property(any, (each) => {
        expect(unpackSample(packSample(each))).toEqual(each);
      }),
    );
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.nat(59), any), { selector: ([place]) => place, minLength: 1 }),
        (minutes) => {
          const packed = minutes.map(([place, each]) => [T0 + place * MINUTE_MS, packSample(each)] as const);
          expect(splitMinutes(T0, packMinutes(T0, packed))).toEqual(new Map(packed));
        },
      ),
    );
  });

  it.each(['', 'h', 'x,1,0,,,,1,1', 'h,1,0,,,,1', 'h,1,0,,', 'h,-1,0,,,,1,1', '{}'])(
    'skip unreadable text: %j',
    (broken) => {
      const good = packSample(sample({ checks: 1 }));
      expect(
        unpackAll([
          [T0, broken],
          [T0 + MINUTE_MS, good],
        ]),
      ).toEqual([{ at: T0 + MINUTE_MS, ...sample({ checks: 1 }) }]);
    },
  );

  it('take about 15 characters', () => {
    const each = sample({ checks: 15, minMs: 8, meanMs: 9.3, maxMs: 12, upMs: MINUTE_MS, observedMs: MINUTE_MS });
    expect(packSample(each)).toBe('h,15,0,8,9,12');
  });
});
