import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import { emptySet, setWeight } from '../../../src/core/balancing/weighted-set.ts';
import { pickComponent } from '../../../src/core/balancing/pick.ts';
import type { Preferences } from '../../../src/core/balancing/preferences.ts';
import {
  candidateOf,
  candidatesOf,
  contextOf,
  poolOf,
  fullCandidate,
  outcomesOf,
  pickOnce,
  relaxedOf,
  requestOf,
} from './candidate-of.ts';

const pickedIds = (candidates: readonly Candidate[], preferences: Preferences = {}): string[] =>
  outcomesOf(poolOf(candidates), requestOf(preferences));

const relaxedIn = (candidates: readonly Candidate[], preferences: Preferences): readonly string[] | null =>
  relaxedOf(pickOnce(poolOf(candidates), requestOf(preferences)));

describe('eligibility', () => {
  it.each<[string, readonly Candidate[], string[]]>([
    ['no component', [], ['no-healthy-components']],
    ['no routable component', [candidateOf('a', { status: 'unhealthy' })], ['no-healthy-components']],
    ['a single one', [candidateOf('a')], ['a']],
    ['equal ones: each of them', [candidateOf('a'), candidateOf('b'), candidateOf('c')], ['a', 'b', 'c']],
    ['healthy before degraded', [candidateOf('a', { status: 'degraded' }), candidateOf('b')], ['b']],
    ['healthy before suspect', [candidateOf('a', {}, { suspect: true }), candidateOf('b')], ['b']],
    [
      'healthy before degraded, however busy',
      [candidateOf('a', { status: 'degraded' }), candidateOf('b', {}, { inFlight: 900, ewmaMs: 2_000 })],
      ['b'],
    ],
    ['degraded if no other exists', [candidateOf('a', { status: 'degraded' })], ['a']],
    ['suspect if no other exists', [candidateOf('a', {}, { suspect: true })], ['a']],
    ['degraded if the healthy ones are full', [fullCandidate('a'), candidateOf('b', { status: 'degraded' })], ['b']],
    ['all full', [fullCandidate('a'), fullCandidate('b', { status: 'degraded' })], ['at-capacity']],
    ['not the full one', [fullCandidate('a'), candidateOf('b')], ['b']],
    [
      'the one with a free slot',
      [candidateOf('a', { maxConcurrentTasks: 5 }, { inFlight: 4 }), fullCandidate('b')],
      ['a'],
    ],
    ['the shorter wait', [candidateOf('a', {}, { inFlight: 3 }), candidateOf('b')], ['b']],
    [
      'an idle one before a much larger one that is nearly full',
      [
        candidateOf('a', { maxConcurrentTasks: 1_000 }, { inFlight: 990 }),
        candidateOf('b', { maxConcurrentTasks: 10 }),
      ],
      ['b'],
    ],
    [
      'a larger one before a small busy one',
      [
        candidateOf('a', { maxConcurrentTasks: 1_000 }, { inFlight: 5 }),
        candidateOf('b', { maxConcurrentTasks: 5 }, { inFlight: 4 }),
      ],
      ['a'],
    ],
  ])('%s', (_, candidates, expected) => {
    expect(pickedIds(candidates)).toEqual(expected);
  });

  it('counts known work against the task limit', () => {
    const pool = poolOf([3, 4].map((inFlight, at) => candidateOf(`c-${at}`, { maxConcurrentTasks: 5 }, { inFlight })));
    const context = contextOf(pool);
    context.work.known[0] = 5;
    expect(pickComponent(pool, requestOf(), context)).toMatchObject({ candidate: { id: 'c-1' } });
    context.work.known[1] = 5;
    expect(pickComponent(pool, requestOf(), context)).toEqual({ ok: false, reason: 'at-capacity' });
  });
});

describe('preferences', () => {
  const weur = candidateOf('weur', { location: 'weur', taskTypes: ['review'] });
  const enam = candidateOf('enam', { location: 'enam' }, { loadPercentage: 90 });

  it.each<[string, Preferences, string[], string[]]>([
    ['none', {}, ['enam', 'weur'], []],
    ['a location', { location: 'enam' }, ['enam'], []],
    ['a component to avoid', { avoidComponents: ['weur'] }, ['enam'], []],
    ['a load', { maxLoad: 80 }, ['weur'], []],
    ['a capability', { capabilities: ['review'] }, ['weur'], []],
    ['several', { location: 'weur', maxLoad: 80, avoidComponents: ['enam'] }, ['weur'], []],
    ['a location without components', { location: 'apac' }, ['enam', 'weur'], ['location']],
    ['none meets both: all are relaxed', { location: 'enam', maxLoad: 80 }, ['enam', 'weur'], ['maxLoad', 'location']],
    ['all components to avoid', { avoidComponents: ['weur', 'enam'] }, ['enam', 'weur'], ['avoidComponents']],
  ])('%s', (_, preferences, ids, relaxed) => {
    expect(pickedIds([weur, enam], preferences)).toEqual(ids);
    expect(relaxedIn([weur, enam], preferences)).toEqual(relaxed);
  });

  it('use the load computed from the task limit if the component reports less', () => {
    const busy = candidateOf('busy', { maxConcurrentTasks: 10 }, { inFlight: 9, loadPercentage: 20 });
    expect(pickedIds([busy, candidateOf('other', { maxConcurrentTasks: 1 })], { maxLoad: 80 })).toEqual(['other']);
  });

  it('refuse the request rather than relax a strict one', () => {
    expect(pickedIds([weur, enam], { location: 'apac', strict: true })).toEqual(['preferences-unmet']);
    expect(pickedIds([weur, enam], { location: 'enam', strict: true })).toEqual(['enam']);
  });

  it('never relax health', () => {
    const down = candidateOf('down', { location: 'apac', status: 'unhealthy' });
    expect(pickedIds([weur, down], { location: 'apac', preferredComponent: 'down' })).toEqual(['weur']);
  });

  it('match metadata like the list filters', () => {
    const candidates = [candidateOf('v2', { metadata: { version: '2.1.0', gpus: 2 } }), candidateOf('none')];
    expect(pickedIds(candidates, { match: { version: '2.1.0', gpus: '2' } })).toEqual(['v2']);
    expect(relaxedIn(candidates, { match: { version: '3.0.0' } })).toEqual(['match']);
    expect(pickedIds(candidates, { match: { version: '3.0.0' }, strict: true })).toEqual(['preferences-unmet']);
  });

  it.each<[string, readonly Candidate[], string]>([
    ['all that meet them are full', [fullCandidate('a', { location: 'apac' }), weur], 'at-capacity'],
    ['no component meets them', [fullCandidate('a'), weur], 'preferences-unmet'],
    ['no component meets them and all are full', [fullCandidate('a')], 'preferences-unmet'],
    [
      'the one that meets them is down',
      [{ ...weur, location: 'apac', status: 'unhealthy' }, enam],
      'preferences-unmet',
    ],
    [
      'the one that meets them is degraded while a healthy one has capacity',
      [{ ...weur, location: 'apac', status: 'degraded' }, enam],
      'preferences-unmet',
    ],
  ])('strict: %s', (_, candidates, reason) => {
    expect(pickedIds(candidates, { location: 'apac', strict: true })).toEqual([reason]);
  });

  it('strict, do not wait for a component that a dry run assumes down', () => {
    const request = requestOf({ location: 'weur', strict: true }, { assumedDown: ['weur'] });
    expect(outcomesOf(poolOf([weur, enam]), request)).toEqual(['preferences-unmet']);
  });
});

describe('preferredComponent', () => {
  const busy = candidateOf('busy', {}, { inFlight: 50 });

  it.each<[string, readonly Candidate[], Preferences, string[]]>([
    ['is picked although another would be faster', [candidateOf('a'), busy], {}, ['busy']],
    ['not without capacity', [candidateOf('a'), fullCandidate('busy')], {}, ['a']],
    ['not when down', [candidateOf('a'), { ...busy, status: 'unhealthy' }], {}, ['a']],
    [
      'not when degraded while a healthy one has capacity',
      [candidateOf('a'), { ...busy, status: 'degraded' }],
      {},
      ['a'],
    ],
    [
      'when degraded like the rest',
      [
        { ...busy, id: 'a', status: 'degraded' },
        { ...busy, status: 'degraded' },
      ],
      {},
      ['busy'],
    ],
    ['before another preference', [candidateOf('a', { location: 'weur' }), busy], { location: 'weur' }, ['busy']],
  ])('%s', (_, candidates, preferences, expected) => {
    expect(pickedIds(candidates, { ...preferences, preferredComponent: 'busy' })).toEqual(expected);
  });

  it.each<[string, readonly Candidate[], Preferences, string[]]>([
    ['chosen', [candidateOf('a'), busy], {}, []],
    ['without capacity', [candidateOf('a'), fullCandidate('busy')], {}, ['preferredComponent']],
    ['unknown', [candidateOf('a')], {}, ['preferredComponent']],
    [
      'chosen against another preference, which is reported instead',
      [candidateOf('a', { location: 'weur' }), busy],
      { location: 'weur' },
      ['location'],
    ],
    [
      'unknown, and no component meets the rest',
      [candidateOf('a')],
      { location: 'weur' },
      ['preferredComponent', 'location'],
    ],
    ['chosen after all if no component meets the rest', [busy], { location: 'weur' }, ['location']],
  ])('is reported as relaxed if not chosen: %s', (_, candidates, preferences, relaxed) => {
    expect(relaxedIn(candidates, { ...preferences, preferredComponent: 'busy' })).toEqual(relaxed);
  });

  it.each<[string, readonly Candidate[], Preferences, string]>([
    ['unknown', [candidateOf('a')], {}, 'preferences-unmet'],
    ['down', [candidateOf('a'), { ...busy, status: 'unhealthy' }], {}, 'preferences-unmet'],
    ['against another preference', [candidateOf('a'), busy], { location: 'weur' }, 'preferences-unmet'],
    ['full', [candidateOf('a'), fullCandidate('busy')], {}, 'at-capacity'],
  ])('strict, refuses any other component: %s', (_, candidates, preferences, reason) => {
    expect(pickedIds(candidates, { ...preferences, preferredComponent: 'busy', strict: true })).toEqual([reason]);
  });

  it('strict, is picked if eligible', () => {
    expect(pickedIds([candidateOf('a'), busy], { preferredComponent: 'busy', strict: true })).toEqual(['busy']);
  });
});

describe('an aperture', () => {
  const pool = poolOf(candidatesOf(20, (at) => ({ maxConcurrentTasks: 2, location: at === 7 ? 'weur' : null })));
  const aperture = emptySet(20);
  for (const position of [3, 4]) setWeight(aperture, position, 1);
  const picked = (request = requestOf(), open: readonly (readonly [number, number])[] = []): string[] => {
    const ids = Array.from({ length: 20 }, (_, seed) => {
      const context = contextOf(pool, { seed, aperture });
      for (const [position, count] of open) context.work.known[position] = count;
      const pick = pickComponent(pool, request, context);
      return pick.ok ? pick.candidate.id : pick.reason;
    });
    return [...new Set(ids)].toSorted();
  };

  it('limits the caller while it has capacity', () => {
    expect(picked()).toEqual(['c-3', 'c-4']);
    expect(picked(requestOf(), [[3, 2]])).toEqual(['c-4']);
    expect(
      picked(requestOf(), [
        [3, 2],
        [4, 2],
      ]).length,
    ).toBeGreaterThan(2);
  });

  it('limits neither preferences nor affinity keys', () => {
    expect(picked(requestOf({ location: 'weur' }))).toEqual(['c-7']);
    const owners = Array.from({ length: 30 }, (_, key) => picked(requestOf({}, { affinityKey: `key-${key}` })));
    expect(owners.every((ids) => ids.length === 1)).toBe(true);
    expect(new Set(owners.flat()).size).toBeGreaterThan(5);
  });
});
