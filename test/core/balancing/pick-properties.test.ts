import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import { whyNotRoutable } from '../../../src/core/balancing/candidate.ts';
import { compileFleet } from '../../../src/core/balancing/fleet.ts';
import { explainPick } from '../../../src/core/balancing/explain.ts';
import { pickComponent } from '../../../src/core/balancing/pick.ts';
import type { Preferences } from '../../../src/core/balancing/preferences.ts';
import { relaxedFor, unmetPreference } from '../../../src/core/balancing/preferences.ts';
import { candidateOf, contextOf, requestOf } from './candidate-of.ts';

const location = fc.constantFrom('weur', 'enam', 'apac');
const taskType = fc.constantFrom('review', 'build');
const id = fc.nat(30).map((number) => `c-${number}`);

const changes = fc.record({
  location: fc.option(location),
  metadata: fc.record({ tier: fc.constantFrom('gold', 'silver') }),
  taskTypes: fc.subarray(['review', 'build']),
  maxConcurrentTasks: fc.option(fc.integer({ min: 1, max: 5 })),
  weight: fc.constantFrom(0, 0.5, 1, 1, 10),
  lifecycle: fc.constantFrom('active', 'active', 'active', 'standby', 'draining', 'isolated'),
  status: fc.constantFrom('healthy', 'healthy', 'degraded', 'unhealthy', 'unknown'),
} as const);
const vitals = fc.record({
  suspect: fc.boolean(),
  inFlight: fc.nat(5),
  loadPercentage: fc.nat(100),
  usualMs: fc.option(fc.nat(5_000)),
});
const fleetOf = (maxLength: number) =>
  fc
    .array(fc.tuple(changes, vitals), { maxLength })
    .map((parts) => parts.map(([change, vital], index) => candidateOf(`c-${index}`, change, vital)));

const preferences: fc.Arbitrary<Preferences> = fc.record(
  {
    preferredComponent: id,
    avoidComponents: fc.array(id, { maxLength: 3 }),
    maxLoad: fc.nat(100),
    match: fc.record({ tier: fc.constantFrom('gold', 'silver') }, { requiredKeys: [] }),
    location,
    capabilities: fc.array(taskType, { maxLength: 2 }),
    strict: fc.boolean(),
  },
  { requiredKeys: [] },
);
const task = fc.record({ taskType, location }, { requiredKeys: [] });
const assigned = fc.array(fc.nat(3), { maxLength: 40 });

const scene = fc.record({ candidates: fleetOf(40), preferences, task, assigned, seed: fc.integer() });
type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never;

function pickIn({ candidates, preferences: wanted, task: work, assigned: own, seed }: Scene) {
  return pickComponent(compileFleet(candidates), requestOf(wanted, work), contextOf(seed, own));
}

const hasRoom = ({ candidates, assigned: own }: Scene, position: number): boolean => {
  const { maxConcurrentTasks, vitals: now } = candidates[position]!;
  return maxConcurrentTasks === null || now.inFlight + (own[position] ?? 0) < maxConcurrentTasks;
};
const isGood = (candidate: Candidate): boolean => candidate.status === 'healthy' && !candidate.vitals.suspect;

/** Positions of those that may be picked: routable, with room, and of the better pool that has any. */
function eligibleIn(given: Scene): number[] {
  const withRoom = [...given.candidates.keys()].filter(
    (position) => whyNotRoutable(given.candidates[position]!) === null && hasRoom(given, position),
  );
  const good = withRoom.filter((position) => isGood(given.candidates[position]!));
  return good.length > 0 ? good : withRoom;
}

describe('any fleet, any request', () => {
  it('picks only who is routable, has room, and is of the best pool there is', () => {
    fc.assert(
      fc.property(scene, (given) => {
        const pick = pickIn(given);
        if (!pick.ok) return;
        expect(whyNotRoutable(pick.candidate)).toBeNull();
        expect(eligibleIn(given)).toContain(pick.position);
        expect(given.candidates[pick.position]).toBe(pick.candidate);
      }),
    );
  });

  it('meets every preference, or names what it dropped because nobody met them', () => {
    fc.assert(
      fc.property(scene, (given) => {
        const pick = pickIn(given);
        if (!pick.ok) return;
        const meets = (position: number) => unmetPreference(given.candidates[position]!, given.preferences) === null;
        expect(pick.relaxed).toEqual(relaxedFor(pick.candidate, given.preferences));
        if (meets(pick.position)) return;
        expect(pick.relaxed).not.toEqual([]);
        expect(given.preferences.strict).not.toBe(true);
        expect(eligibleIn(given).some(meets)).toBe(false);
      }),
    );
  });

  it('takes the preferred one whenever it may be picked', () => {
    fc.assert(
      fc.property(scene, (given) => {
        const { candidates, preferences: wanted } = given;
        const preferred = candidates.findIndex((each) => each.id === wanted.preferredComponent);
        if (!eligibleIn(given).includes(preferred) || unmetPreference(candidates[preferred]!, wanted) !== null) return;
        expect(pickIn(given)).toMatchObject({ position: preferred, relaxed: [] });
      }),
    );
  });

  it('finds somebody whenever there is somebody, and else says why not', () => {
    fc.assert(
      fc.property(scene, (given) => {
        const pick = pickIn(given);
        const eligible = eligibleIn(given);
        const routable = given.candidates.filter((candidate) => whyNotRoutable(candidate) === null);
        if (pick.ok) return;
        if (pick.reason === 'no-healthy-components') expect(routable).toEqual([]);
        if (pick.reason === 'at-capacity') {
          expect(routable).not.toEqual([]);
          if (!given.preferences.strict) expect(eligible).toEqual([]);
        }
        if (pick.reason === 'preferences-unmet') {
          expect(given.preferences.strict).toBe(true);
          const met = eligible.filter((at) => unmetPreference(given.candidates[at]!, given.preferences) === null);
          expect(met).toEqual([]);
        }
      }),
    );
  });

  it('picks the same again under the same random numbers', () => {
    fc.assert(
      fc.property(scene, (given) => {
        expect(pickIn(given)).toEqual(pickIn(given));
      }),
    );
  });

  it('picks the best of all in a fleet no larger than a sample', () => {
    fc.assert(
      fc.property(fleetOf(5), fc.integer(), (candidates, seed) => {
        const given: Scene = { candidates, preferences: {}, task: {}, assigned: [], seed };
        const pick = pickIn(given);
        if (!pick.ok) return;
        const verdicts = explainPick(compileFleet(candidates), requestOf(), contextOf(seed), pick.position);
        expect(pick.score).toBe(Math.max(...verdicts.map((each) => each.score ?? 0)));
      }),
    );
  });

  it('finds the only eligible member of a pool of any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.nat(), fc.integer(), (size, at, seed) => {
        const full = candidateOf('full', { maxConcurrentTasks: 1 }, { inFlight: 1 });
        const candidates = Array.from({ length: size }, () => full);
        candidates[at % size] = candidateOf('open');
        const given: Scene = { candidates, preferences: {}, task: {}, assigned: [], seed };
        expect(pickIn(given)).toMatchObject({ ok: true, position: at % size });
      }),
    );
  });
});
