import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BalancingSettings } from '../../../src/core/balancing/balancing-settings.ts';
import { POLICY_NAMES } from '../../../src/core/balancing/balancing-settings.ts';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import { whyNotRoutable } from '../../../src/core/balancing/candidate.ts';
import type { CandidateVerdict, Explanation } from '../../../src/core/balancing/explain.ts';
import { explainPick, retryAfterSeconds, scoreOfPick } from '../../../src/core/balancing/explain.ts';
import type { RouteRequest } from '../../../src/core/balancing/pick.ts';
import { pickComponent } from '../../../src/core/balancing/pick.ts';
import { NOW, candidateOf, candidatesOf, contextOf, poolOf, fullCandidate, requestOf } from './candidate-of.ts';
import { eligibleIn, pickIn, sceneOf } from './scenes.ts';

interface DecisionOptions {
  readonly request?: RouteRequest;
  readonly settings?: Partial<BalancingSettings>;
  readonly splitAt?: number;
  readonly seed?: number;
}

/** The explanation of one decision over these candidates. */
function explain(candidates: readonly Candidate[], options: DecisionOptions = {}): Explanation {
  const { request = requestOf(), settings, ...more } = options;
  const pool = poolOf(candidates, settings);
  const context = contextOf(pool, more);
  return explainPick({ pool, work: context.work, request, now: NOW, pick: pickComponent(pool, request, context) });
}

const verdictsOf = (explanation: Explanation): Record<string, string> =>
  Object.fromEntries(explanation.candidates.map(({ id, verdict, rule }) => [id, rule ?? verdict]));

const filtered = (id: string, rule: string, reason: string): CandidateVerdict => ({
  id,
  verdict: 'filtered',
  rule,
  reason,
  score: null,
  parts: null,
});

describe('the rule that filters a candidate', () => {
  it.each<[string, Candidate, RouteRequest, string, string]>([
    ['standby', candidateOf('a', { lifecycle: 'standby' }), requestOf(), 'lifecycle', 'is standby'],
    ['isolated', candidateOf('a', { lifecycle: 'isolated' }), requestOf(), 'lifecycle', 'is isolated'],
    ['weight 0', candidateOf('a', { weight: 0 }), requestOf(), 'weight', 'has weight 0'],
    ['not checked yet', candidateOf('a', { status: 'unknown' }), requestOf(), 'unknown', 'is unknown'],
    ['down', candidateOf('a', { status: 'unhealthy' }), requestOf(), 'unhealthy', 'is unhealthy'],
    [
      'down, with a reason',
      candidateOf('a', { status: 'unhealthy', reason: 'HTTP_503' }),
      requestOf(),
      'unhealthy',
      'HTTP_503',
    ],
    [
      'full',
      candidateOf('a', { maxConcurrentTasks: 5 }, { inFlight: 7 }),
      requestOf(),
      'capacity',
      '7 of 5 tasks in flight',
    ],
    [
      'too few free slots',
      candidateOf('a', { maxConcurrentTasks: 5 }, { inFlight: 3 }),
      requestOf({}, { slots: 3 }),
      'capacity',
      '3 of 5 tasks in flight',
    ],
    [
      'assumed down',
      candidateOf('a'),
      requestOf({}, { assumedDown: ['a'] }),
      'assumed-down',
      'assumed down in this dry run',
    ],
    ...(
      [
        ['location', { location: 'weur' }],
        ['avoidComponents', { avoidComponents: ['a'] }],
        ['maxLoad', { maxLoad: 10 }],
        ['capabilities', { capabilities: ['review'] }],
        ['match', { match: { tier: 'gold' } }],
        ['preferredComponent', { preferredComponent: 'b' }],
      ] as const
    ).map(([name, preferences]): [string, Candidate, RouteRequest, string, string] => [
      `a strict ${name}`,
      candidateOf('a', {}, { loadPercentage: 50 }),
      requestOf({ ...preferences, strict: true }),
      name,
      `does not meet the preference ${name}`,
    ]),
  ])('%s', (_, candidate, request, rule, reason) => {
    expect(explain([candidate], { request })).toEqual({ candidates: [filtered('a', rule, reason)], runnerUp: null });
  });

  it('counts known work that the snapshot does not contain', () => {
    const pool = poolOf([candidateOf('a', { maxConcurrentTasks: 2 }, { inFlight: 1 })]);
    const { work } = contextOf(pool);
    work.known[0]! += 1;
    const { candidates } = explainPick({
      pool,
      work,
      request: requestOf(),
      now: NOW,
      pick: { ok: false, reason: 'at-capacity' },
    });
    expect(candidates).toEqual([filtered('a', 'capacity', '2 of 2 tasks in flight')]);
  });

  it('is none for a component that is full by estimate, which comes last', () => {
    const full = candidateOf('full', { maxConcurrentTasks: 5 }, { inFlight: 2, estimated: 4 });
    const busy = candidateOf('busy', { maxConcurrentTasks: 5 }, { inFlight: 4, ewmaMs: 900 });
    const { candidates } = explain([full, busy, candidateOf('idle')]);
    expect(candidates.map(({ id, rule, reason }) => [id, rule, reason])).toEqual([
      ['idle', null, null],
      ['busy', null, null],
      ['full', null, 'about 6 of 5 tasks in flight'],
    ]);
  });

  it('is the first that applies: health, capacity, preferences, traffic split', () => {
    const all = candidateOf('a', { lifecycle: 'standby', weight: 0, status: 'unhealthy', maxConcurrentTasks: 0 });
    const rules: string[] = [];
    const cures: Partial<Candidate>[] = [
      {},
      { lifecycle: 'active' },
      { weight: 1 },
      { status: 'healthy' },
      { maxConcurrentTasks: null },
      { location: 'weur' },
    ];
    let candidate = all;
    for (const cure of cures) {
      candidate = { ...candidate, ...cure };
      const trafficSplit = [{ match: { tier: 'gold' }, percent: 100 }];
      const chosen = candidateOf('b', { location: 'weur', metadata: { tier: 'gold' } });
      const options = { request: requestOf({ location: 'weur' }), settings: { trafficSplit } };
      rules.push(verdictsOf(explain([candidate, chosen], options))['a']!);
    }
    expect(rules).toEqual(['lifecycle', 'weight', 'unhealthy', 'capacity', 'location', 'trafficSplit']);
  });
});

describe('the considered candidates', () => {
  it('include candidates that fail only relaxed preferences', () => {
    const candidates = [candidateOf('a'), candidateOf('b'), candidateOf('down', { status: 'unhealthy' })];
    const verdicts = verdictsOf(explain(candidates, { request: requestOf({ location: 'weur' }) }));
    expect(Object.values(verdicts).toSorted()).toEqual(['chosen', 'considered', 'unhealthy']);
  });

  it('exclude candidates that fail an enforced preference, even if preferredComponent was not chosen', () => {
    const candidates = [candidateOf('a', { location: 'weur' }), candidateOf('b', { location: 'enam' })];
    const request = requestOf({ location: 'weur', preferredComponent: 'c' });
    expect(verdictsOf(explain(candidates, { request }))).toEqual({ a: 'chosen', b: 'location' });
  });

  it('include suspect ones only if no healthy one has capacity', () => {
    const slow = candidateOf('slow', { status: 'degraded', reason: 'answers slowly: 2600 ms' });
    const suspect = candidateOf('suspect', {}, { suspect: true });
    expect(explain([candidateOf('well'), slow, suspect]).candidates.slice(1)).toEqual([
      filtered('slow', 'suspect', 'answers slowly: 2600 ms'),
      filtered('suspect', 'suspect', 'is suspect'),
    ]);
    const verdicts = verdictsOf(explain([fullCandidate('full'), slow, suspect]));
    expect(verdicts).toMatchObject({ full: 'capacity' });
    expect(new Set([verdicts['slow'], verdicts['suspect']])).toEqual(new Set(['chosen', 'considered']));
  });

  it('are all active ones in a panic, and health does not change their score', () => {
    const candidates = [
      candidateOf('well'),
      candidateOf('down', { status: 'unhealthy' }),
      candidateOf('new', { status: 'unknown' }),
      candidateOf('aside', { lifecycle: 'maintenance', status: 'unhealthy' }),
    ];
    for (const policy of POLICY_NAMES) {
      const explanation = explain(candidates, { settings: { policy, panicThreshold: 50 } });
      const verdicts = verdictsOf(explanation);
      expect(verdicts['aside']).toBe('lifecycle');
      const active = [verdicts['well'], verdicts['down'], verdicts['new']];
      expect(active.filter((verdict) => verdict === 'chosen')).toHaveLength(1);
      expect(active.filter((verdict) => verdict === 'considered')).toHaveLength(2);
      expect(new Set(explanation.candidates.slice(0, 3).map(({ score }) => score)).size).toBe(1);
    }
  });

  it('are all active ones if none is healthy and the policy is fail-open', () => {
    const candidates = [candidateOf('a', { status: 'unhealthy' }), candidateOf('b', { status: 'unknown' })];
    const verdicts = verdictsOf(explain(candidates, { settings: { noHealthyPolicy: 'fail-open' } }));
    expect(Object.values(verdicts).toSorted()).toEqual(['chosen', 'considered']);
  });

  it('are those of the traffic split part that the request was assigned to', () => {
    const trafficSplit = [{ match: { tier: 'gold' }, percent: 50 }];
    const candidates = [
      ...candidatesOf(2, () => ({ metadata: { tier: 'gold' } })),
      candidateOf('rest', {}),
      candidateOf('down', { status: 'unhealthy' }),
    ];
    const verdicts = verdictsOf(explain(candidates, { settings: { trafficSplit }, splitAt: 0.2 }));
    expect(verdicts).toMatchObject({ rest: 'trafficSplit', down: 'unhealthy' });
    expect(new Set([verdicts['c-0'], verdicts['c-1']])).toEqual(new Set(['chosen', 'considered']));
  });

  it.each<[string, DecisionOptions]>([
    ['the request prefers a component', { request: requestOf({ preferredComponent: 'rest' }), splitAt: 0.2 }],
    ['the request matches metadata', { request: requestOf({ match: { version: '1' } }), splitAt: 0.2 }],
    ['the part has no capacity', { request: requestOf({}, { slots: 2 }), splitAt: 0.2 }],
  ])('are those of all parts if the decision bypassed the split: %s', (_, options) => {
    const trafficSplit = [{ match: { tier: 'gold' }, percent: 50 }];
    const gold = candidateOf('gold', { metadata: { tier: 'gold' }, maxConcurrentTasks: 1 });
    const rest = ['rest', 'other'].map((id) => candidateOf(id, { metadata: { version: '1' } }));
    const verdicts = Object.values(verdictsOf(explain([gold, ...rest], { ...options, settings: { trafficSplit } })));
    expect(verdicts).not.toContain('trafficSplit');
    expect(verdicts).toContain('considered');
  });
});

describe('the order of the candidates', () => {
  it('is chosen, then considered by score, then filtered', () => {
    const busy = [5, 1, 3].map((inFlight, at) => candidateOf(`c-${at}`, {}, { inFlight }));
    const { candidates } = explain([candidateOf('down', { status: 'unhealthy' }), ...busy]);
    expect(candidates.map(({ id }) => id)).toEqual(['c-1', 'c-2', 'c-0', 'down']);
    const preferring = explain(busy, { request: requestOf({ preferredComponent: 'c-0' }) });
    expect(preferring.candidates.map(({ id }) => id)).toEqual(['c-0', 'c-1', 'c-2']);
  });

  it('lists at most 100, the chosen one first, whatever its position', () => {
    const candidates = candidatesOf(150);
    const request = requestOf({ preferredComponent: 'c-140' });
    const explanation = explain(candidates, { request });
    expect(explanation.candidates).toHaveLength(100);
    expect(explanation.candidates[0]).toMatchObject({ id: 'c-140', verdict: 'chosen' });
    expect(explanation.candidates.slice(1).every(({ verdict }) => verdict === 'considered')).toBe(true);
  });

  it('lists no chosen candidate without a decision', () => {
    expect(explain([])).toEqual({ candidates: [], runnerUp: null });
    const { candidates } = explain([fullCandidate('a')]);
    expect(candidates.map(({ verdict }) => verdict)).toEqual(['filtered']);
  });
});

describe('the runner-up', () => {
  it('is the best candidate not chosen, with the lead of the chosen one', () => {
    const busy = [2, 0, 1].map((inFlight, at) => candidateOf(`c-${at}`, {}, { inFlight }));
    const { candidates, runnerUp } = explain(busy);
    expect(runnerUp).toEqual({ id: 'c-2', margin: candidates[0]!.score! - candidates[1]!.score! });
    expect(runnerUp!.margin).toBeGreaterThan(0);
  });

  it('has a negative margin if the sample or a preference excluded it', () => {
    const busy = [2, 0, 1].map((inFlight, at) => candidateOf(`c-${at}`, {}, { inFlight }));
    const { runnerUp } = explain(busy, { request: requestOf({ preferredComponent: 'c-0' }) });
    expect(runnerUp?.id).toBe('c-1');
    expect(runnerUp!.margin).toBeLessThan(0);
  });

  it('is null if no other candidate was considered, or none chosen', () => {
    expect(explain([candidateOf('a'), candidateOf('down', { status: 'unhealthy' })]).runnerUp).toBeNull();
    expect(explain([fullCandidate('a'), fullCandidate('b')]).runnerUp).toBeNull();
  });
});

describe('every explanation', () => {
  const settings = fc.record({
    policy: fc.constantFrom(...POLICY_NAMES),
    panicThreshold: fc.constantFrom(0, 0, 50, 100),
    noHealthyPolicy: fc.constantFrom('reject', 'fail-open'),
    loadBalancingEnabled: fc.constantFrom(true, true, true, false),
    trafficSplit: fc.constantFrom([], [{ match: { tier: 'gold' }, percent: 30 }]),
  } as const);
  const anyScene = settings.chain((chosen) => sceneOf(chosen));

  it('has parts that sum up, is sorted, lists every candidate, and agrees with the decision', () => {
    fc.assert(
      fc.property(anyScene, (scene) => {
        const { pool, work, request } = scene;
        const pick = pickIn(scene);
        const { candidates, runnerUp } = explainPick({ pool, work, request, now: NOW, pick });
        expect(new Set(candidates.map(({ id }) => id))).toEqual(new Set(scene.candidates.map(({ id }) => id)));
        for (const { score, parts, verdict, rule, reason } of candidates) {
          if (verdict === 'filtered') {
            expect([score, parts]).toEqual([null, null]);
            expect(rule && reason).toBeTruthy();
          } else {
            expect(rule).toBeNull();
            expect(score).toBeCloseTo(
              Object.values(parts!).reduce((sum, part) => sum + part, 0),
              6,
            );
          }
        }
        const [first, second] = candidates;
        expect(first?.verdict === 'chosen').toBe(pick.ok);
        if (!pick.ok) return;
        expect(first).toMatchObject({
          id: pick.candidate.id,
          score: scoreOfPick({ pool, work, request, now: NOW }, pick.position),
        });
        expect(runnerUp?.id).toBe(second?.verdict === 'considered' ? second.id : undefined);
      }),
      { numRuns: 300 },
    );
  });

  it('considers exactly the eligible candidates without split and panic', () => {
    fc.assert(
      fc.property(sceneOf(), (scene) => {
        const { pool, work, request } = scene;
        const pick = pickIn(scene);
        const { candidates } = explainPick({ pool, work, request, now: NOW, pick });
        const open = new Set(candidates.filter(({ verdict }) => verdict !== 'filtered').map(({ id }) => id));
        const eligible = new Set(eligibleIn(scene).map((position) => scene.candidates[position]!.id));
        for (const id of open) expect(eligible).toContain(id);
        for (const { id, rule } of candidates)
          if (rule === 'suspect' || rule === 'capacity') expect(eligible).not.toContain(id);
        for (const candidate of scene.candidates)
          expect(candidates.find(({ id }) => id === candidate.id)?.rule === 'lifecycle').toBe(
            whyNotRoutable(candidate) === 'lifecycle',
          );
      }),
    );
  });
});

describe('retryAfterSeconds', () => {
  it.each<[string, number | null, number]>([
    ['a default if no check is due', null, 5],
    ['the time to the next check', NOW + 3_000, 3],
    ['rounded up', NOW + 3_001, 4],
    ['at least a second', NOW + 1, 1],
    ['a second if the check is overdue', NOW - 60_000, 1],
    ['at most a minute', NOW + 3_600_000, 60],
  ])('is %s', (_, nextCheckAt, expected) => {
    expect(retryAfterSeconds(nextCheckAt, NOW)).toBe(expected);
  });

  it('is always a whole number from 1 to 60', () => {
    fc.assert(
      fc.property(fc.option(fc.integer()), (nextCheckAt) => {
        const seconds = retryAfterSeconds(nextCheckAt, NOW);
        expect(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60).toBe(true);
      }),
    );
  });
});
