import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import { compileFleet } from '../../../src/core/balancing/fleet.ts';
import type { Pick } from '../../../src/core/balancing/pick.ts';
import { pickComponent } from '../../../src/core/balancing/pick.ts';
import type { Preferences } from '../../../src/core/balancing/preferences.ts';
import { candidateOf, contextOf, requestOf } from './candidate-of.ts';

const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);

/** The ids picked over many seeds, each once, in order. */
const pickedIds = (candidates: readonly Candidate[], preferences: Preferences = {}): string[] => {
  const picks = SEEDS.map((seed) => pickComponent(compileFleet(candidates), requestOf(preferences), contextOf(seed)));
  return [...new Set(picks.map((pick) => (pick.ok ? pick.candidate.id : pick.reason)))].toSorted();
};

const pickOnce = (candidates: readonly Candidate[], preferences: Preferences = {}): Pick =>
  pickComponent(compileFleet(candidates), requestOf(preferences), contextOf());

const relaxedOf = (pick: Pick): readonly string[] | null => (pick.ok ? pick.relaxed : null);

const FULL = [{ maxConcurrentTasks: 5 }, { inFlight: 5 }] as const;

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
      [candidateOf('a', { status: 'degraded' }), candidateOf('b', {}, { inFlight: 900, usualMs: 2_000 })],
      ['b'],
    ],
    ['degraded when it is all there is', [candidateOf('a', { status: 'degraded' })], ['a']],
    ['suspect when it is all there is', [candidateOf('a', {}, { suspect: true })], ['a']],
    [
      'degraded when the healthy are full',
      [candidateOf('a', ...FULL), candidateOf('b', { status: 'degraded' })],
      ['b'],
    ],
    [
      'all full',
      [candidateOf('a', ...FULL), candidateOf('b', { ...FULL[0], status: 'degraded' }, FULL[1])],
      ['at-capacity'],
    ],
    ['not the full one', [candidateOf('a', ...FULL), candidateOf('b')], ['b']],
    ['the one with a slot left', [candidateOf('a', FULL[0], { inFlight: 4 }), candidateOf('b', ...FULL)], ['a']],
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
      [candidateOf('a', { maxConcurrentTasks: 1_000 }, { inFlight: 5 }), candidateOf('b', FULL[0], { inFlight: 4 })],
      ['a'],
    ],
  ])('%s', (_, candidates, expected) => {
    expect(pickedIds(candidates)).toEqual(expected);
  });

  it("counts the caller's own assignments against the room", () => {
    const fleet = compileFleet([
      candidateOf('a', FULL[0], { inFlight: 3 }),
      candidateOf('b', FULL[0], { inFlight: 4 }),
    ]);
    expect(pickComponent(fleet, requestOf(), contextOf(1, [2, 0]))).toMatchObject({ candidate: { id: 'b' } });
    expect(pickComponent(fleet, requestOf(), contextOf(1, [2, 1]))).toEqual({ ok: false, reason: 'at-capacity' });
  });

  it('finds the only one with room among a thousand', () => {
    const candidates = Array.from({ length: 1_000 }, (_, index) => candidateOf(`c-${index}`, ...FULL));
    candidates[777] = candidateOf('roomy');
    expect(pickedIds(candidates)).toEqual(['roomy']);
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
    expect(relaxedOf(pickOnce([weur, enam], preferences))).toEqual(relaxed);
  });

  it('rather takes nobody than break a strict one', () => {
    const pick = pickOnce([weur, enam], { location: 'apac', strict: true });
    expect(pick).toEqual({ ok: false, reason: 'preferences-unmet' });
    expect(pickedIds([weur, enam], { location: 'enam', strict: true })).toEqual(['enam']);
  });

  it('never relaxes health', () => {
    const down = candidateOf('down', { location: 'apac', status: 'unhealthy' });
    expect(pickedIds([weur, down], { location: 'apac', preferredComponent: 'down' })).toEqual(['weur']);
  });

  it('go by metadata, as the filters of the list do', () => {
    const candidates = [candidateOf('v2', { metadata: { version: '2.1.0', gpus: 2 } }), candidateOf('none')];
    expect(pickedIds(candidates, { match: { version: '2.1.0', gpus: '2' } })).toEqual(['v2']);
    expect(relaxedOf(pickOnce(candidates, { match: { version: '3.0.0' } }))).toEqual(['match']);
    expect(pickOnce(candidates, { match: { version: '3.0.0' }, strict: true })).toMatchObject({ ok: false });
  });

  it.each<[string, readonly Candidate[], string]>([
    ['all that meet them are full', [candidateOf('a', { ...FULL[0], location: 'apac' }, FULL[1]), weur], 'at-capacity'],
    ['nobody meets them', [candidateOf('a', ...FULL), weur], 'preferences-unmet'],
    ['nobody meets them and all are full', [candidateOf('a', ...FULL)], 'preferences-unmet'],
    ['who meets them is down', [{ ...weur, location: 'apac', status: 'unhealthy' }, enam], 'preferences-unmet'],
    [
      'who meets them is degraded while a healthy one has room',
      [{ ...weur, location: 'apac', status: 'degraded' }, enam],
      'preferences-unmet',
    ],
  ])('strict: %s', (_, candidates, reason) => {
    expect(pickOnce(candidates, { location: 'apac', strict: true })).toEqual({ ok: false, reason });
  });

  it('finds the only one that meets them among a thousand', () => {
    const candidates = Array.from({ length: 1_000 }, (_, index) => candidateOf(`c-${index}`));
    candidates[555] = weur;
    expect(pickedIds(candidates, { location: 'weur', strict: true })).toEqual(['weur']);
  });
});

describe('preferredComponent', () => {
  const busy = candidateOf('busy', {}, { inFlight: 50 });

  it.each<[string, readonly Candidate[], Preferences, string[]]>([
    ['is taken though another waits less', [candidateOf('a'), busy], {}, ['busy']],
    ['not when it has no room', [candidateOf('a'), candidateOf('busy', ...FULL)], {}, ['a']],
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
    ['without room', [candidateOf('a'), candidateOf('busy', ...FULL)], {}, ['preferredComponent']],
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
    expect(relaxedOf(pickOnce(candidates, { ...preferences, preferredComponent: 'busy' }))).toEqual(relaxed);
  });

  it.each<[string, readonly Candidate[], Preferences, string]>([
    ['unknown', [candidateOf('a')], {}, 'preferences-unmet'],
    ['down', [candidateOf('a'), { ...busy, status: 'unhealthy' }], {}, 'preferences-unmet'],
    ['against another preference', [candidateOf('a'), busy], { location: 'weur' }, 'preferences-unmet'],
    ['full', [candidateOf('a'), candidateOf('busy', ...FULL)], {}, 'at-capacity'],
  ])('strict, nobody else is taken: %s', (_, candidates, preferences, reason) => {
    const strict = { ...preferences, preferredComponent: 'busy', strict: true };
    expect(pickOnce(candidates, strict)).toEqual({ ok: false, reason });
  });

  it('strict, it is taken when it can be', () => {
    expect(pickedIds([candidateOf('a'), busy], { preferredComponent: 'busy', strict: true })).toEqual(['busy']);
  });
});
