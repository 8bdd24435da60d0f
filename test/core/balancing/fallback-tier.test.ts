import { describe, expect, it } from 'vitest';
import type { BalancingSettings } from '../../../src/core/balancing/balancing-settings.ts';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import type { RouteRequest } from '../../../src/core/balancing/pick.ts';
import { candidateOf, poolOf, fullCandidate, outcomesOf, pickOnce, requestOf } from './candidate-of.ts';

const healthy = (id: string): Candidate => candidateOf(id);
const down = (id: string): Candidate => candidateOf(id, { status: 'unhealthy' });

const outcomes = (
  candidates: readonly Candidate[],
  settings: Partial<BalancingSettings>,
  request: RouteRequest = requestOf(),
): string[] => outcomesOf(poolOf(candidates, settings), request);

const tierOf = (candidates: readonly Candidate[], settings: Partial<BalancingSettings>): string | null => {
  const pick = pickOnce(poolOf(candidates, settings), requestOf());
  return pick.ok ? pick.fallbackTier : pick.reason;
};

describe('the panic threshold', () => {
  const half = [healthy('a'), down('b')];

  it.each<[string, readonly Candidate[], number, string[]]>([
    ['is off at 0', [healthy('a'), down('b'), down('c')], 0, ['a']],
    ['does not panic at the threshold', half, 50, ['a']],
    ['uses all active components below the threshold', half, 51, ['a', 'b']],
    [
      'does not count degraded components as healthy',
      [healthy('a'), candidateOf('b', { status: 'degraded' })],
      51,
      ['a', 'b'],
    ],
    [
      'does not count unchecked components as healthy',
      [healthy('a'), candidateOf('b', { status: 'unknown' })],
      51,
      ['a', 'b'],
    ],
    ['ignores components out of service', [healthy('a'), candidateOf('b', { lifecycle: 'isolated' })], 51, ['a']],
    ['ignores components with weight 0', [healthy('a'), candidateOf('b', { weight: 0 })], 51, ['a']],
    ['still respects task limits', [healthy('a'), { ...fullCandidate('b'), status: 'unhealthy' }], 51, ['a']],
  ])('%s', (_, candidates, panicThreshold, expected) => {
    expect(outcomes(candidates, { panicThreshold })).toEqual(expected);
  });

  it('is reported in the decision', () => {
    expect(tierOf(half, { panicThreshold: 51 })).toBe('panic');
    expect(tierOf(half, { panicThreshold: 50 })).toBeNull();
    expect(tierOf([candidateOf('a', { status: 'degraded' })], {})).toBe('suspect');
  });

  it('still honours preferences', () => {
    const candidates = [healthy('a'), { ...down('b'), location: 'weur' }, down('c')];
    expect(outcomes(candidates, { panicThreshold: 90 }, requestOf({ location: 'weur' }))).toEqual(['b']);
  });

  it('ignores components that a dry run assumes down', () => {
    const candidates = [healthy('a'), healthy('b'), down('c')];
    const settings = { panicThreshold: 60 };
    expect(outcomes(candidates, settings)).toEqual(['a', 'b']);
    expect(outcomes(candidates, settings, requestOf({}, { assumedDown: ['a', 'a', 'nobody'] }))).toEqual(['b', 'c']);
  });
});

describe('noHealthyPolicy', () => {
  const all = [down('a'), candidateOf('b', { status: 'unknown' }), candidateOf('c', { lifecycle: 'standby' })];

  it('refuses, or uses all active components', () => {
    expect(outcomes(all, {})).toEqual(['no-healthy-components']);
    expect(outcomes(all, { noHealthyPolicy: 'fail-open' })).toEqual(['a', 'b']);
    expect(tierOf(all, { noHealthyPolicy: 'fail-open' })).toBe('fail-open');
  });

  it('does not apply while a component is merely degraded, full or not', () => {
    const open = { noHealthyPolicy: 'fail-open' } as const;
    expect(outcomes([...all, candidateOf('d', { status: 'degraded' })], open)).toEqual(['d']);
    expect(outcomes([...all, fullCandidate('d')], open)).toEqual(['at-capacity']);
  });

  it('refuses if no component is active', () => {
    expect(outcomes([candidateOf('c', { lifecycle: 'standby' })], { noHealthyPolicy: 'fail-open' })).toEqual([
      'no-healthy-components',
    ]);
  });

  it('applies in a dry run that assumes the healthy components down', () => {
    const gone = requestOf({}, { assumedDown: ['well'] });
    expect(outcomes([...all, healthy('well')], { noHealthyPolicy: 'fail-open' }, gone)).toEqual(['a', 'b']);
    expect(outcomes([...all, healthy('well')], {}, gone)).toEqual(['no-healthy-components']);
  });
});

describe('without load balancing', () => {
  const off = { loadBalancingEnabled: false };
  const first = candidateOf('first', { order: 1 }, { inFlight: 90 });
  const second = candidateOf('second', { order: 2, location: 'weur', metadata: { tier: 'gold' } });
  const third = candidateOf('third', { order: 3 });

  it('all work goes to the eligible component that registered first', () => {
    expect(outcomes([third, first, second], off)).toEqual(['first']);
    expect(outcomes([third, { ...first, status: 'unhealthy' }, second], off)).toEqual(['second']);
    expect(outcomes([third, { ...first, status: 'degraded' }, second], off)).toEqual(['second']);
    expect(outcomes([third, fullCandidate('first', { order: 1 }), second], off)).toEqual(['second']);
    expect(outcomes([third, first, second], off, requestOf({}, { assumedDown: ['first'] }))).toEqual(['second']);
  });

  it('the order of two components registered at once is fixed', () => {
    const twins = [candidateOf('b', { order: 5 }), candidateOf('a', { order: 5 }), candidateOf('c', { order: 5 })];
    expect(outcomes(twins, off)).toEqual(['a']);
    expect(outcomes(twins.toReversed(), off)).toEqual(['a']);
  });

  it('neither affinity key nor traffic split spreads the work', () => {
    const keys = Array.from({ length: 20 }, (_, key) => requestOf({}, { affinityKey: `key-${key}` }));
    expect(new Set(keys.flatMap((request) => outcomes([third, first, second], off, request)))).toEqual(
      new Set(['first']),
    );
    const trafficSplit = [{ match: { tier: 'gold' }, percent: 100 }];
    expect(outcomes([third, first, second], { ...off, trafficSplit })).toEqual(['first']);
  });

  it('preferences are honoured, strict ones included', () => {
    const candidates = [third, first, second];
    expect(outcomes(candidates, off, requestOf({ preferredComponent: 'third' }))).toEqual(['third']);
    expect(outcomes(candidates, off, requestOf({ location: 'weur' }))).toEqual(['second']);
    expect(outcomes(candidates, off, requestOf({ avoidComponents: ['first'] }))).toEqual(['second']);
    expect(outcomes(candidates, off, requestOf({ location: 'apac' }))).toEqual(['first']);
    expect(outcomes(candidates, off, requestOf({ location: 'apac', strict: true }))).toEqual(['preferences-unmet']);
  });
});
