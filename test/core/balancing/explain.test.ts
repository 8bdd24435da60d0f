import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import { explainPick, retryAfterSeconds } from '../../../src/core/balancing/explain.ts';
import { compileFleet } from '../../../src/core/balancing/fleet.ts';
import { pickComponent } from '../../../src/core/balancing/pick.ts';
import type { Preferences } from '../../../src/core/balancing/preferences.ts';
import { candidateOf, contextOf, requestOf } from './candidate-of.ts';

const explain = (candidates: readonly Candidate[], chosen: number | null, preferences: Preferences = {}) =>
  explainPick(compileFleet(candidates), requestOf(preferences), contextOf(), chosen);

describe('explainPick', () => {
  it.each<[string, Candidate, Preferences, string, string]>([
    ['a standby', candidateOf('a', { lifecycle: 'standby' }), {}, 'lifecycle', 'is standby'],
    ['an isolated one', candidateOf('a', { lifecycle: 'isolated' }), {}, 'lifecycle', 'is isolated'],
    ['weight 0', candidateOf('a', { weight: 0 }), {}, 'weight', 'has weight 0'],
    ['one not checked yet', candidateOf('a', { status: 'unknown' }), {}, 'unknown', 'is unknown'],
    ['one that is down', candidateOf('a', { status: 'unhealthy' }), {}, 'unhealthy', 'is unhealthy'],
    ['its own reason', candidateOf('a', { status: 'unhealthy', reason: 'HTTP_503' }), {}, 'unhealthy', 'HTTP_503'],
    [
      'a full one',
      candidateOf('a', { maxConcurrentTasks: 5 }, { inFlight: 7 }),
      {},
      'capacity',
      '7 of 5 tasks in flight',
    ],
    ['another location', candidateOf('a'), { location: 'weur' }, 'location', 'does not meet the preference location'],
    [
      'one to avoid',
      candidateOf('a'),
      { avoidComponents: ['a'] },
      'avoidComponents',
      'does not meet the preference avoidComponents',
    ],
  ])('filters %s and says why', (_, candidate, preferences, rule, reason) => {
    const verdict = { id: 'a', verdict: 'filtered', rule, reason, score: null };
    expect(explain([candidate], null, preferences)).toEqual([verdict]);
  });

  it('puts the chosen one first and keeps the rest in order', () => {
    const verdicts = explain([candidateOf('a'), candidateOf('b'), candidateOf('c')], 1);
    expect(verdicts.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['b', 'chosen'],
      ['a', 'considered'],
      ['c', 'considered'],
    ]);
  });

  it('gives the chosen one the score it was picked with', () => {
    const candidates = [candidateOf('a', {}, { inFlight: 3 }), candidateOf('b', {}, { inFlight: 1 })];
    const pick = pickComponent(compileFleet(candidates), requestOf(), contextOf());
    if (!pick.ok) throw new Error('nobody was picked');
    expect(explain(candidates, pick.position)[0]).toMatchObject({ verdict: 'chosen', score: pick.score });
  });

  it("counts the caller's own assignments", () => {
    const fleet = compileFleet([candidateOf('a', { maxConcurrentTasks: 2 }, { inFlight: 1 })]);
    const [verdict] = explainPick(fleet, requestOf(), contextOf(1, [1]), null);
    expect(verdict).toMatchObject({ rule: 'capacity', reason: '2 of 2 tasks in flight' });
  });

  it('calls nobody chosen when nobody was', () => {
    expect(explain([candidateOf('a')], null).map((each) => each.verdict)).toEqual(['considered']);
    expect(explain([], null)).toEqual([]);
  });

  it('shows as considered who failed only preferences that were dropped', () => {
    const candidates = [candidateOf('a'), candidateOf('b'), candidateOf('down', { status: 'unhealthy' })];
    expect(explain(candidates, 0, { location: 'weur' })).toMatchObject([
      { id: 'a', verdict: 'chosen' },
      { id: 'b', verdict: 'considered', rule: null },
      { id: 'down', verdict: 'filtered', rule: 'unhealthy' },
    ]);
    expect(explain(candidates, null, { location: 'weur', strict: true })[1]).toMatchObject({ rule: 'location' });
  });

  it('shows as filtered who was asked for strictly, and who was not', () => {
    const [first, other] = explain([candidateOf('a'), candidateOf('b')], 1, { preferredComponent: 'b', strict: true });
    expect(first).toMatchObject({ id: 'b', verdict: 'chosen' });
    expect(other).toMatchObject({ id: 'a', verdict: 'filtered', rule: 'preferredComponent' });
  });

  it('filters the doubtful while a healthy one has room, and only then', () => {
    const slow = candidateOf('slow', { status: 'degraded', reason: 'answers slowly: 2600 ms' });
    const suspect = candidateOf('suspect', {}, { suspect: true });
    const full = candidateOf('full', { maxConcurrentTasks: 1 }, { inFlight: 1 });
    expect(explain([candidateOf('well'), slow, suspect], 0).slice(1)).toEqual([
      { id: 'slow', verdict: 'filtered', rule: 'doubtful', reason: 'answers slowly: 2600 ms', score: null },
      { id: 'suspect', verdict: 'filtered', rule: 'doubtful', reason: 'is suspect', score: null },
    ]);
    expect(explain([full, slow, suspect], 1).map(({ id, verdict }) => [id, verdict])).toEqual([
      ['slow', 'chosen'],
      ['full', 'filtered'],
      ['suspect', 'considered'],
    ]);
  });

  it('shows the chosen one first wherever it stands', () => {
    const candidates = Array.from({ length: 150 }, (_, index) => candidateOf(`c-${index}`));
    const verdicts = explain(candidates, 140);
    expect(verdicts).toHaveLength(100);
    expect(verdicts.slice(0, 2)).toMatchObject([
      { id: 'c-140', verdict: 'chosen' },
      { id: 'c-0', verdict: 'considered' },
    ]);
  });

  it('explains at most 100', () => {
    expect(
      explain(
        Array.from({ length: 150 }, (_, index) => candidateOf(`c-${index}`)),
        99,
      ),
    ).toHaveLength(100);
  });
});

const NOW = 1_000_000;

const checkedAt = (...times: readonly (number | null)[]) =>
  compileFleet(times.map((nextCheckAt, index) => candidateOf(`c-${index}`, { nextCheckAt })));

describe('retryAfterSeconds', () => {
  it.each<[string, (number | null)[], number]>([
    ['a guess when nobody is there', [], 5],
    ['a guess when nobody is checked', [null, null], 5],
    ['the next check', [NOW + 3_000], 3],
    ['rounded up', [NOW + 3_001], 4],
    ['the earliest of them', [NOW + 9_000, null, NOW + 2_000], 2],
    ['at least a second', [NOW + 1], 1],
    ['a second when it is overdue', [NOW - 60_000], 1],
    ['at most a minute', [NOW + 3_600_000], 60],
  ])('is %s', (_, times, expected) => {
    expect(retryAfterSeconds(checkedAt(...times), NOW)).toBe(expected);
  });

  it('is always a whole number from 1 to 60', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer())), (times) => {
        const seconds = retryAfterSeconds(checkedAt(...times), NOW);
        expect(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60).toBe(true);
      }),
    );
  });
});
