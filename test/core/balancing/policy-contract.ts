/**
 * Contract of every balancing policy, run by `policies.test.ts` for each.
 *
 * Covers both modes of deciding: `sampled`, on a snapshot at the edge, and `exact`, in the registry.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BalancingSettings, PolicyName } from '../../../src/core/balancing/balancing-settings.ts';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import { whyNotRoutable } from '../../../src/core/balancing/candidate.ts';
import { explainPick, scoreOfPick } from '../../../src/core/balancing/explain.ts';
import type { CandidatePool } from '../../../src/core/balancing/candidate-pool.ts';
import type { LoadPercent, Preferences } from '../../../src/core/balancing/preferences.ts';
import { relaxedFor, unmetPreference } from '../../../src/core/balancing/preferences.ts';
import { shareErrorOf } from './assign-work.ts';
import {
  MODES,
  NOW,
  candidateOf,
  candidatesOf,
  poolOf,
  fullCandidate,
  outcomesOf,
  pickOnce,
  relaxedOf,
  requestOf,
} from './candidate-of.ts';
import type { Scene } from './scenes.ts';
import { eligibleIn, fits, inServiceIn, isPlain, loadOf, pickIn, sceneOf } from './scenes.ts';

export interface Contract {
  readonly policy: PolicyName;
  /** Whether a component with twice the task limit or weight receives twice the work. */
  readonly bySize: boolean;
}

export function policyContract({ policy, bySize }: Contract): void {
  const settings: Partial<BalancingSettings> = { policy };
  const poolUnder = (candidates: readonly Candidate[]): CandidatePool => poolOf(candidates, settings);
  const outcomes = (candidates: readonly Candidate[], preferences: Preferences = {}): string[] =>
    outcomesOf(poolUnder(candidates), requestOf(preferences));
  const anyScene = sceneOf(settings);

  describe('eligibility', () => {
    it('picks only routable components with capacity, healthy ones first', () => {
      fc.assert(
        fc.property(anyScene, (scene) => {
          const pick = pickIn(scene);
          if (!pick.ok) return;
          expect(whyNotRoutable(pick.candidate)).toBeNull();
          expect(eligibleIn(scene)).toContain(pick.position);
          expect(scene.candidates[pick.position]).toBe(pick.candidate);
          expect(pick.fallbackTier).toBe(isPlain(pick.candidate) ? null : 'suspect');
        }),
      );
    });

    it('finds a component whenever one is eligible, and gives the reason otherwise', () => {
      fc.assert(fc.property(anyScene, (scene) => expectReason(scene)));
    });

    it.each([
      ['full', fullCandidate('rest')],
      ['degraded', candidateOf('rest', { status: 'degraded' })],
      ['down', candidateOf('rest', { status: 'unhealthy' })],
      ['on standby', candidateOf('rest', { lifecycle: 'standby' })],
    ])('finds the only eligible component among a thousand that are %s', (_, rest) => {
      const candidates = Array.from({ length: 1_000 }, (__, at) => ({ ...rest, id: `c-${at}` }));
      candidates[777] = candidateOf('the-one');
      expect(outcomes(candidates)).toEqual(['the-one']);
    });

    it('picks suspect components only if no healthy one has capacity', () => {
      const suspects = [candidateOf('slow', { status: 'degraded' }), candidateOf('odd', {}, { suspect: true })];
      const busy = candidateOf('busy', { maxConcurrentTasks: 1_000 }, { inFlight: 999, ewmaMs: 9_000 });
      expect(outcomes([...suspects, busy])).toEqual(['busy']);
      const chosen = outcomes([...suspects, fullCandidate('full')]);
      expect(chosen.length).toBeGreaterThan(0);
      expect(['slow', 'odd']).toEqual(expect.arrayContaining(chosen));
    });

    it('counts slots against the task limit', () => {
      const roomy = candidateOf('roomy', { maxConcurrentTasks: 8 }, { inFlight: 4 });
      const tight = candidateOf('tight', { maxConcurrentTasks: 8 }, { inFlight: 5 });
      const pool = poolUnder([tight, roomy]);
      expect(outcomesOf(pool, requestOf({}, { slots: 4 }))).toEqual(['roomy']);
      expect(outcomesOf(pool, requestOf({}, { slots: 5 }))).toEqual(['at-capacity']);
      expect(outcomesOf(poolUnder([roomy, candidateOf('boundless')]), requestOf({}, { slots: 99 }))).toEqual([
        'boundless',
      ]);
    });

    it('ignores components that a dry run assumes down', () => {
      const pool = poolUnder(candidatesOf(20));
      const down = Array.from({ length: 19 }, (_, at) => `c-${at}`);
      expect(outcomesOf(pool, requestOf({}, { assumedDown: down }))).toEqual(['c-19']);
      expect(outcomesOf(pool, requestOf({}, { assumedDown: [...down, 'c-19'] }))).toEqual(['no-healthy-components']);
      expect(outcomesOf(pool, requestOf({ preferredComponent: 'c-3' }, { assumedDown: down }))).toEqual(['c-19']);
    });
  });

  describe('preferences', () => {
    it('are met, or relaxed together and reported if no component meets them', () => {
      fc.assert(
        fc.property(anyScene, (scene) => {
          const pick = pickIn(scene);
          if (!pick.ok) return;
          const { preferences, candidates } = scene;
          expect(pick.relaxed).toEqual(relaxedFor(pick.candidate, preferences, loadOf(scene, pick.position)));
          if (meets(scene, pick.position, 'total')) return;
          expect(pick.relaxed).not.toEqual([]);
          expect(preferences.strict).not.toBe(true);
          if (pick.candidate.id === preferences.preferredComponent) return;
          expect(eligibleIn(scene).filter((at) => meets(scene, at, 'total'))).toEqual([]);
          // Only estimated load exceeds `maxLoad`: the other preferences are kept.
          if (meets(scene, pick.position, 'known')) return;
          const tried = inServiceIn(scene).filter((at) => isPlain(candidates[at]!) || !isPlain(pick.candidate));
          expect(tried.filter((at) => fits(scene, at) && meets(scene, at, 'known'))).toEqual([]);
        }),
      );
    });

    it('pick the preferred component whenever it is eligible, before all other preferences', () => {
      fc.assert(
        fc.property(anyScene, (scene) => {
          const { candidates, preferences } = scene;
          const preferred = candidates.findIndex(({ id }) => id === preferences.preferredComponent);
          if (!eligibleIn(scene).includes(preferred)) return;
          if (preferences.strict && !meets(scene, preferred, 'total')) return;
          expect(pickIn(scene)).toMatchObject({ position: preferred });
        }),
      );
    });

    it.each<[string, Preferences]>([
      ['a location', { location: 'weur' }],
      ['a capability', { capabilities: ['review'] }],
      ['metadata', { match: { tier: 'gold' } }],
      ['a load', { maxLoad: 10 }],
    ])('find the only one of a thousand that meets %s', (_, preferences) => {
      const candidates = Array.from({ length: 1_000 }, (__, at) => candidateOf(`c-${at}`, {}, { loadPercentage: 50 }));
      candidates[555] = candidateOf('wanted', {
        location: 'weur',
        taskTypes: ['review'],
        metadata: { tier: 'gold' },
      });
      expect(outcomes(candidates, preferences)).toEqual(['wanted']);
      expect(outcomes(candidates, { ...preferences, strict: true })).toEqual(['wanted']);
      candidates[555] = candidateOf('other', {}, { loadPercentage: 50 });
      expect(outcomes(candidates, { ...preferences, strict: true })).toEqual(['preferences-unmet']);
      expect(relaxedOf(pickOnce(poolUnder(candidates), requestOf(preferences)))).toEqual(Object.keys(preferences));
    });
  });

  describe('fairness', () => {
    it.each([
      ['a few', 3, [1, 1, 1]],
      ['more than a sample', 20, Array.from({ length: 20 }, () => 1)],
    ])('gives components of the same size equal work: %s', (_, size, shares) => {
      for (const mode of MODES)
        for (const work of ['done at once', 'kept'] as const)
          expect(shareErrorOf(poolUnder(candidatesOf(size)), shares, { mode, work, count: 4_000 })).toBeLessThan(
            policy === 'random' ? 0.35 : 0.05,
          );
    });

    if (bySize)
      it.each<[string, Candidate[], number[]]>([
        ['task limit', bySizeOf([10_000, 20_000, 40_000], (size) => ({ maxConcurrentTasks: size })), [1, 2, 4]],
        ['weight', bySizeOf([1, 2], (size) => ({ weight: size })), [1, 2]],
        ['weight, in fractions', bySizeOf([0.05, 0.1, 0.1], (size) => ({ weight: size })), [1, 2, 2]],
        ['weight, far apart', bySizeOf([1, 1, 50], (size) => ({ weight: size })), [1, 1, 50]],
        ['both', bySizeOf([1, 2, 3], (size) => ({ weight: size, maxConcurrentTasks: 10_000 * size })), [1, 4, 9]],
      ])('gives twice the %s twice the work, within 5 %', (_, candidates, shares) => {
        for (const mode of MODES)
          for (const work of ['done at once', 'kept'] as const)
            expect(shareErrorOf(poolUnder(candidates), shares, { mode, work, count: 1_000 })).toBeLessThan(0.05);
      });

    if (bySize)
      it('gives the half with twice the task limit twice the work, within 5 %', () => {
        const size = 60;
        const shares = Array.from({ length: size }, (_, at) => (at % 2 === 0 ? 2 : 1));
        const pool = poolUnder(candidatesOf(size, (at) => ({ maxConcurrentTasks: 10_000 * shares[at]! })));
        for (const mode of MODES)
          for (const work of ['done at once', 'kept'] as const)
            expect(shareErrorOf(pool, shares, { mode, work, count: 1_000, groups: (at) => at % 2 })).toBeLessThan(0.05);
      });

    it('gives suspect components as much work as the others in a panic', () => {
      const states = ['healthy', 'degraded', 'unhealthy', 'unknown'] as const;
      const candidates = states.map((status) => candidateOf(status, { status }));
      const pool = poolOf(candidates, { policy, panicThreshold: 50 });
      for (const mode of MODES)
        for (const work of ['done at once', 'kept'] as const)
          expect(shareErrorOf(pool, [1, 1, 1, 1], { mode, work, count: 4_000 })).toBeLessThan(
            policy === 'random' ? 0.35 : 0.05,
          );
    });

    it('never exceeds a task limit', () => {
      const limits = [1, 2, 3, 4, 5, 6, 7, 8];
      const pool = poolUnder(bySizeOf(limits, (size) => ({ maxConcurrentTasks: size })));
      for (const mode of MODES) expect(shareErrorOf(pool, limits, { mode, work: 'kept', count: 100 })).toBe(0);
    });

    it('decides the same for the same random numbers', () => {
      fc.assert(
        fc.property(anyScene, (scene) => {
          expect(pickIn(scene)).toEqual(pickIn(scene));
        }),
      );
    });
  });

  it('explains a decision by parts that sum up to its score', () => {
    fc.assert(
      fc.property(anyScene, (scene) => {
        const { pool, request, work } = scene;
        const pick = pickIn(scene);
        for (const { score, parts, verdict } of explainPick({ pool, work, request, now: NOW, pick }).candidates) {
          if (verdict === 'filtered') {
            expect([score, parts]).toEqual([null, null]);
            continue;
          }
          const sum = Object.values(parts!).reduce((total, part) => total + part, 0);
          expect(score).toBeCloseTo(sum, 6);
          if (pick.ok && verdict === 'chosen')
            expect(score).toBe(scoreOfPick({ pool, work, request, now: NOW }, pick.position));
        }
      }),
    );
  });
}

/** Whether the component meets the preferences by its known or by its total load. */
const meets = (scene: Scene, position: number, by: keyof LoadPercent): boolean =>
  unmetPreference(scene.candidates[position]!, scene.preferences, loadOf(scene, position)[by]) === null;

const bySizeOf = (sizes: readonly number[], changes: (size: number) => Partial<Candidate>): Candidate[] =>
  candidatesOf(sizes.length, (at) => changes(sizes[at]!));

function expectReason(scene: Scene): void {
  const pick = pickIn(scene);
  if (pick.ok) return;
  const routable = scene.candidates.filter((candidate) => whyNotRoutable(candidate) === null);
  const eligible = eligibleIn(scene);
  switch (pick.reason) {
    case 'no-healthy-components':
      expect(routable).toEqual([]);
      break;
    case 'at-capacity':
      expect(routable).not.toEqual([]);
      if (scene.preferences.strict || eligible.length === 0) break;
      // Components with capacity are left: those that meet the preferences are full.
      expect(eligible.filter((at) => meets(scene, at, 'known'))).toEqual([]);
      expect(inServiceIn(scene).filter((at) => fits(scene, at) && meets(scene, at, 'known'))).not.toEqual([]);
      break;
    case 'preferences-unmet':
      expect(scene.preferences.strict).toBe(true);
      expect(eligible.filter((at) => meets(scene, at, 'total'))).toEqual([]);
      break;
    default:
      pick.reason satisfies never;
  }
}
