/** Decisions of an isolate whose callers report no outcomes: its assignments are estimated load, which never refuses. */
import { describe, expect, it } from 'vitest';
import type { BalancingSettings } from '../../../src/core/balancing/balancing-settings.ts';
import { POLICY_NAMES } from '../../../src/core/balancing/balancing-settings.ts';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import { countAssignment } from '../../../src/core/balancing/open-work.ts';
import { pickComponent } from '../../../src/core/balancing/pick.ts';
import type { Preferences } from '../../../src/core/balancing/preferences.ts';
import { NOW, candidateOf, contextOf, poolOf, relaxedOf, requestOf } from './candidate-of.ts';

interface Caller {
  readonly calls: number;
  /** Time between two calls, ms. */
  readonly everyMs?: number;
  readonly preferences?: Preferences;
  readonly settings?: Partial<BalancingSettings>;
  readonly mode?: 'sampled' | 'exact';
}

/** A candidate that has never had a reported outcome: its response time is of health checks. */
const unreported = (id: string, ...[changes, liveStats]: [Partial<Candidate>?, Partial<Candidate['liveStats']>?]) =>
  candidateOf(id, changes, { isWorkTime: false, ...liveStats });

/** The ids or refusals of one caller's calls, in order. */
function outcomesOf(candidates: readonly Candidate[], caller: Caller): string[] {
  const { calls, everyMs = 0, preferences = {}, settings, mode = 'sampled' } = caller;
  const pool = poolOf(candidates, settings);
  const context = contextOf(pool, { mode });
  return Array.from({ length: calls }, (_, call) => {
    const now = NOW + call * everyMs;
    const pick = pickComponent(pool, requestOf(preferences), { ...context, now });
    if (!pick.ok) return pick.reason;
    countAssignment(pool, context.work, pick.position, now);
    return pick.candidate.id;
  });
}

const countsOf = (outcomes: readonly string[]): Record<string, number> =>
  Object.fromEntries(
    Array.from(
      Map.groupBy(outcomes, (outcome) => outcome),
      ([id, { length }]) => [id, length],
    ),
  );

describe.each(POLICY_NAMES)('policy %s without reports', (policy) => {
  const settings = { policy };

  it('refuses nothing, however many calls come at once', () => {
    const one = unreported('only', { maxConcurrentTasks: 100 });
    expect(countsOf(outcomesOf([one], { calls: 150, settings }))).toEqual({ only: 150 });
  });

  it('refuses nothing at 59 calls a second to two components of twenty tasks', () => {
    const two = ['a', 'b'].map((id) => unreported(id, { maxConcurrentTasks: 20 }));
    const counts = countsOf(outcomesOf(two, { calls: 600, everyMs: 17, settings }));
    expect(Object.keys(counts).toSorted()).toEqual(['a', 'b']);
    if (policy !== 'random') expect(Math.abs(counts['a']! - 300)).toBeLessThan(15);
  });

  it('keeps a preference although the component that meets it is busy by estimate', () => {
    const able = unreported('able', { taskTypes: ['x'], maxConcurrentTasks: 2 });
    const caller = { calls: 12, everyMs: 20, preferences: { capabilities: ['x'] }, settings };
    expect(countsOf(outcomesOf([unreported('other', { maxConcurrentTasks: 2 }), able], caller))).toEqual({ able: 12 });
  });

  it('never uses a degraded component while a healthy one is full by estimate alone', () => {
    const degraded = unreported('degraded', { status: 'degraded', maxConcurrentTasks: 2 });
    const both = [degraded, unreported('healthy', { maxConcurrentTasks: 2 })];
    expect(countsOf(outcomesOf(both, { calls: 12, settings }))).toEqual({ healthy: 12 });
  });

  it('prefers components that are not full by estimate', () => {
    const full = unreported('full', { maxConcurrentTasks: 50 }, { estimated: 50 });
    const free = unreported('free', { maxConcurrentTasks: 50 }, { estimated: 10, ewmaMs: 40 });
    expect(countsOf(outcomesOf([full, free], { calls: 40, settings }))).toEqual({ free: 40 });
  });
});

/** Whether the component admits more work under `maxLoad` 80, half a second after 90 assignments. */
function admits(candidate: Candidate): boolean {
  const pool = poolOf([candidate]);
  const { work, ...context } = contextOf(pool);
  for (let call = 0; call < 90; call++) countAssignment(pool, work, 0, NOW);
  return pickComponent(pool, requestOf({ maxLoad: 80, strict: true }), { ...context, work, now: NOW + 500 }).ok;
}

describe('estimated load', () => {
  const limited = unreported('limited', { maxConcurrentTasks: 100 });

  it('counts for maxLoad and decays over the assumed task time', () => {
    const pool = poolOf([limited]);
    const { work, ...context } = contextOf(pool);
    for (let call = 0; call < 90; call++) countAssignment(pool, work, 0, NOW);
    const strict = requestOf({ maxLoad: 80, strict: true });
    const okAfter = (ms: number): boolean => pickComponent(pool, strict, { ...context, work, now: NOW + ms }).ok;
    expect([okAfter(0), okAfter(3_000), okAfter(4_000), okAfter(30_000)]).toEqual([false, false, true, true]);
    const quick = poolOf([limited], { assumedTaskMs: 1_000 });
    expect(pickComponent(quick, strict, { ...context, work, now: NOW + 1_000 }).ok).toBe(true);
  });

  it('decays over the measured time of work, never over that of health checks', () => {
    expect(admits(candidateOf('work', { maxConcurrentTasks: 100 }, { ewmaMs: 100, isWorkTime: true }))).toBe(true);
    expect(admits(unreported('check', { maxConcurrentTasks: 100 }, { ewmaMs: 100 }))).toBe(false);
  });

  it('drops maxLoad alone when only the estimate exceeds it', () => {
    const able = unreported('able', { taskTypes: ['x'], maxConcurrentTasks: 10 }, { estimated: 9 });
    const pool = poolOf([unreported('other'), able]);
    const preferences = { capabilities: ['x'], maxLoad: 80 };
    const pick = pickComponent(pool, requestOf(preferences), contextOf(pool));
    expect([pick.ok && pick.candidate.id, relaxedOf(pick)]).toEqual(['able', ['maxLoad']]);
    const strict = pickComponent(pool, requestOf({ ...preferences, strict: true }), contextOf(pool));
    expect(strict.ok).toBe(false);
  });
});

describe('known load', () => {
  it('refuses', () => {
    const full = unreported('full', { maxConcurrentTasks: 5 }, { inFlight: 5 });
    expect(countsOf(outcomesOf([full], { calls: 3 }))).toEqual({ 'at-capacity': 3 });
  });

  it('is no reason to drop a preference, but a reason to wait', () => {
    const able = unreported('able', { taskTypes: ['x'], maxConcurrentTasks: 2 }, { inFlight: 2 });
    const preferences = { capabilities: ['x'] };
    for (const mode of ['sampled', 'exact'] as const)
      expect(outcomesOf([able, unreported('other')], { calls: 1, preferences, mode })).toEqual(['at-capacity']);
    const down = unreported('able', { taskTypes: ['x'], status: 'unhealthy' });
    expect(outcomesOf([down, unreported('other')], { calls: 1, preferences })).toEqual(['other']);
  });
});

describe('policy score', () => {
  it('gives two healthy components 150 ms apart work from one sequential caller, without a task limit', () => {
    const two = [unreported('quick', {}, { ewmaMs: 20 }), unreported('slow', {}, { ewmaMs: 170 })];
    const counts = countsOf(outcomesOf(two, { calls: 20, everyMs: 50, settings: { policy: 'score' } }));
    expect(counts['quick']).toBeGreaterThanOrEqual(counts['slow']!);
    expect(counts['slow']).toBeGreaterThanOrEqual(8);
  });
});

describe('the preferred component', () => {
  const preferred = unreported('preferred', { location: 'enam' }, { loadPercentage: 95 });
  const near = unreported('near', { location: 'weur' });
  const wanted = { preferredComponent: 'preferred', location: 'weur', maxLoad: 80 };

  it('comes before all other preferences, which are named', () => {
    expect(countsOf(outcomesOf([near, preferred], { calls: 20, preferences: wanted }))).toEqual({ preferred: 20 });
    const pool = poolOf([near, preferred]);
    expect(relaxedOf(pickComponent(pool, requestOf(wanted), contextOf(pool)))).toEqual(['maxLoad', 'location']);
  });

  it('is kept while it is full by estimate, and passed over when it is full by known load', () => {
    const small = { ...preferred, maxConcurrentTasks: 2 };
    expect(countsOf(outcomesOf([near, small], { calls: 20, preferences: wanted }))).toEqual({ preferred: 20 });
    const full = { ...small, liveStats: { ...small.liveStats, inFlight: 2 } };
    expect(countsOf(outcomesOf([near, full], { calls: 20, preferences: wanted }))).toEqual({ near: 20 });
  });

  it('must meet the other preferences under strict', () => {
    expect(outcomesOf([near, preferred], { calls: 1, preferences: { ...wanted, strict: true } })).toEqual([
      'preferences-unmet',
    ]);
  });
});
