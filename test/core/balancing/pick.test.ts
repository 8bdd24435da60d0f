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

describe('who is eligible', () => {
  it.each<[string, readonly Candidate[], string[]]>([
    ['nobody there', [], ['no-healthy-components']],
    ['nobody routable', [candidateOf('a', { status: 'unhealthy' })], ['no-healthy-components']],
    ['one', [candidateOf('a')], ['a']],
    ['equals: each in its turn', [candidateOf('a'), candidateOf('b'), candidateOf('c')], ['a', 'b', 'c']],
    ['healthy before degraded', [candidateOf('a', { status: 'degraded' }), candidateOf('b')], ['b']],
    ['healthy before suspect', [candidateOf('a', {}, { suspect: true }), candidateOf('b')], ['b']],
    [
      'healthy before degraded however busy',
      [candidateOf('a', { status: 'degraded' }), candidateOf('b', {}, { inFlight: 900, ewmaMs: 2_000 })],
      ['b'],
    ],
    ['degraded when it is all there is', [candidateOf('a', { status: 'degraded' })], ['a']],
    ['suspect when it is all there is', [candidateOf('a', {}, { suspect: true })], ['a']],
    ['degraded when the healthy are full', [fullCandidate('a'), candidateOf('b', { status: 'degraded' })], ['b']],
    ['all full', [fullCandidate('a'), fullCandidate('b', { status: 'degraded' })], ['at-capacity']],
    ['not the full one', [fullCandidate('a'), candidateOf('b')], ['b']],
    ['the one with a slot left', [candidateOf('a', { maxConcurrentTasks: 5 }, { inFlight: 4 }), fullCandidate('b')], ['a']],
    ['the shorter wait', [candidateOf('a', {}, { inFlight: 3 }), candidateOf('b')], ['b']],
    [
      'an idle one rather than a much larger one that is nearly full',
      [
        candidateOf('a', { maxConcurrentTasks: 1_000 }, { inFlight: 990 }),
        candidateOf('b', { maxConcurrentTasks: 10 }),
      ],
      ['b'],
    ],
    [
      'a larger one rather than a small one that is busy',
      [
        candidateOf('a', { maxConcurrentTasks: 1_000 }, { inFlight: 5 }),
        candidateOf('b', { maxConcurrentTasks: 5 }, { inFlight: 4 }),
      ],
      ['a'],
    ],
  ])('%s', (_, candidates, expected) => {
    expect(pickedIds(candidates)).toEqual(expected);
  });

  it('counts what the caller gave itself against the room', () => {
    const pool = poolOf(
      [3, 4].map((inFlight, at) => candidateOf(`c-${at}`, { maxConcurrentTasks: 5 }, { inFlight })),
    );
    const context = contextOf(pool);
    context.work.open[0] = 5;
    expect(pickComponent(pool, requestOf(), context)).toMatchObject({ candidate: { id: 'c-1' } });
    context.work.open[1] = 5;
    expect(pickComponent(pool, requestOf(), context)).toEqual({ ok: false, reason: 'at-capacity' });
  });
});

describe('preferences', () => {
  const weur = candidateOf('weur', { location: 'weur', taskTypes: ['review'] });
  const enam = candidateOf('enam', { location: 'enam' }, { loadPercentage: 90 });

  it.each<[string, Preferences, string[], string[]]>([
    ['none', {}, ['enam', 'weur'], []],
    ['a location', { location: 'enam' }, ['enam'], []],
    ['one to avoid', { avoidComponents: ['weur'] }, ['enam'], []],
    ['a load', { maxLoad: 80 }, ['weur'], []],
    ['a capability', { capabilities: ['review'] }, ['weur'], []],
    ['several', { location: 'weur', maxLoad: 80, avoidComponents: ['enam'] }, ['weur'], []],
    ['nobody there', { location: 'apac' }, ['enam', 'weur'], ['location']],
    [
      'nobody meets both: all are dropped',
      { location: 'enam', maxLoad: 80 },
      ['enam', 'weur'],
      ['maxLoad', 'location'],
    ],
    ['all to be avoided', { avoidComponents: ['weur', 'enam'] }, ['enam', 'weur'], ['avoidComponents']],
  ])('%s', (_, preferences, ids, relaxed) => {
    expect(pickedIds([weur, enam], preferences)).toEqual(ids);
    expect(relaxedIn([weur, enam], preferences)).toEqual(relaxed);
  });

  it('go by the load that its room shows, where it says less of itself', () => {
    const busy = candidateOf('busy', { maxConcurrentTasks: 10 }, { inFlight: 9, loadPercentage: 20 });
    expect(pickedIds([busy, candidateOf('other', { maxConcurrentTasks: 1 })], { maxLoad: 80 })).toEqual(['other']);
  });

  it('rather take nobody than break a strict one', () => {
    expect(pickedIds([weur, enam], { location: 'apac', strict: true })).toEqual(['preferences-unmet']);
    expect(pickedIds([weur, enam], { location: 'enam', strict: true })).toEqual(['enam']);
  });

  it('never relax health', () => {
    const down = candidateOf('down', { location: 'apac', status: 'unhealthy' });
    expect(pickedIds([weur, down], { location: 'apac', preferredComponent: 'down' })).toEqual(['weur']);
  });

  it('go by metadata, as the filters of the list do', () => {
    const candidates = [candidateOf('v2', { metadata: { version: '2.1.0', gpus: 2 } }), candidateOf('none')];
    expect(pickedIds(candidates, { match: { version: '2.1.0', gpus: '2' } })).toEqual(['v2']);
    expect(relaxedIn(candidates, { match: { version: '3.0.0' } })).toEqual(['match']);
    expect(pickedIds(candidates, { match: { version: '3.0.0' }, strict: true })).toEqual(['preferences-unmet']);
  });

  it.each<[string, readonly Candidate[], string]>([
    ['all that meet them are full', [fullCandidate('a', { location: 'apac' }), weur], 'at-capacity'],
    ['nobody meets them', [fullCandidate('a'), weur], 'preferences-unmet'],
    ['nobody meets them and all are full', [fullCandidate('a')], 'preferences-unmet'],
    ['who meets them is down', [{ ...weur, location: 'apac', status: 'unhealthy' }, enam], 'preferences-unmet'],
    [
      'who meets them is degraded while a healthy one has room',
      [{ ...weur, location: 'apac', status: 'degraded' }, enam],
      'preferences-unmet',
    ],
  ])('strict: %s', (_, candidates, reason) => {
    expect(pickedIds(candidates, { location: 'apac', strict: true })).toEqual([reason]);
  });

  it('strict, do not wait for one that a rehearsal takes for gone', () => {
    const request = requestOf({ location: 'weur', strict: true }, { assumedDown: ['weur'] });
    expect(outcomesOf(poolOf([weur, enam]), request)).toEqual(['preferences-unmet']);
  });
});

describe('preferredComponent', () => {
  const busy = candidateOf('busy', {}, { inFlight: 50 });

  it.each<[string, readonly Candidate[], Preferences, string[]]>([
    ['is taken though another waits less', [candidateOf('a'), busy], {}, ['busy']],
    ['not when it has no room', [candidateOf('a'), fullCandidate('busy')], {}, ['a']],
    ['not when it is down', [candidateOf('a'), { ...busy, status: 'unhealthy' }], {}, ['a']],
    [
      'not when it is degraded and a healthy one has room',
      [candidateOf('a'), { ...busy, status: 'degraded' }],
      {},
      ['a'],
    ],
    [
      'when it is degraded like the rest',
      [
        { ...busy, id: 'a', status: 'degraded' },
        { ...busy, status: 'degraded' },
      ],
      {},
      ['busy'],
    ],
    ['not against another preference', [candidateOf('a', { location: 'weur' }), busy], { location: 'weur' }, ['a']],
  ])('%s', (_, candidates, preferences, expected) => {
    expect(pickedIds(candidates, { ...preferences, preferredComponent: 'busy' })).toEqual(expected);
  });

  it.each<[string, readonly Candidate[], Preferences, string[]]>([
    ['chosen', [candidateOf('a'), busy], {}, []],
    ['without room', [candidateOf('a'), fullCandidate('busy')], {}, ['preferredComponent']],
    ['unknown', [candidateOf('a')], {}, ['preferredComponent']],
    [
      'against another preference',
      [candidateOf('a', { location: 'weur' }), busy],
      { location: 'weur' },
      ['preferredComponent'],
    ],
    [
      'unknown, and nobody meets the rest',
      [candidateOf('a')],
      { location: 'weur' },
      ['preferredComponent', 'location'],
    ],
    ['chosen after all, when nobody meets the rest', [busy], { location: 'weur' }, ['location']],
  ])('is named when it was not chosen: %s', (_, candidates, preferences, relaxed) => {
    expect(relaxedIn(candidates, { ...preferences, preferredComponent: 'busy' })).toEqual(relaxed);
  });

  it.each<[string, readonly Candidate[], Preferences, string]>([
    ['unknown', [candidateOf('a')], {}, 'preferences-unmet'],
    ['down', [candidateOf('a'), { ...busy, status: 'unhealthy' }], {}, 'preferences-unmet'],
    ['against another preference', [candidateOf('a'), busy], { location: 'weur' }, 'preferences-unmet'],
    ['full', [candidateOf('a'), fullCandidate('busy')], {}, 'at-capacity'],
  ])('strict, nobody else is taken: %s', (_, candidates, preferences, reason) => {
    expect(pickedIds(candidates, { ...preferences, preferredComponent: 'busy', strict: true })).toEqual([reason]);
  });

  it('strict, it is taken when it can be', () => {
    expect(pickedIds([candidateOf('a'), busy], { preferredComponent: 'busy', strict: true })).toEqual(['busy']);
  });
});

describe('a segment', () => {
  const pool = poolOf(candidatesOf(20, (at) => ({ maxConcurrentTasks: 2, location: at === 7 ? 'weur' : null })));
  const aperture = emptySet(20);
  for (const position of [3, 4]) setWeight(aperture, position, 1);
  const picked = (request = requestOf(), open: readonly (readonly [number, number])[] = []): string[] => {
    const ids = Array.from({ length: 20 }, (_, seed) => {
      const context = contextOf(pool, { seed, aperture: aperture });
      for (const [position, count] of open) context.work.open[position] = count;
      const pick = pickComponent(pool, request, context);
      return pick.ok ? pick.candidate.id : pick.reason;
    });
    return [...new Set(ids)].toSorted();
  };

  it('is what the caller keeps to while it has room', () => {
    expect(picked()).toEqual(['c-3', 'c-4']);
    expect(picked(requestOf(), [[3, 2]])).toEqual(['c-4']);
    expect(
      picked(requestOf(), [
        [3, 2],
        [4, 2],
      ]).length,
    ).toBeGreaterThan(2);
  });

  it('binds neither a preference nor the work of one key', () => {
    expect(picked(requestOf({ location: 'weur' }))).toEqual(['c-7']);
    const owners = Array.from({ length: 30 }, (_, key) => picked(requestOf({}, { affinityKey: `key-${key}` })));
    expect(owners.every((ids) => ids.length === 1)).toBe(true);
    expect(new Set(owners.flat()).size).toBeGreaterThan(5);
  });
});
