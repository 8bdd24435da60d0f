import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SelfDoubt, Evidence, CanaryVerdict } from '../../../src/core/health/self-doubt.ts';
import {
  SELF_DOUBT_KINDS,
  MAX_CANARY_MS,
  NO_SELF_DOUBT,
  failureHandling,
  applyCanaryVerdict,
  isMassFailure,
  updateSelfDoubt,
  combineVerdicts,
} from '../../../src/core/health/self-doubt.ts';

const NOW = 1_800_000_000_000;
const ROUND = 4_000;
const AUTO = { mode: 'auto', roundMs: ROUND } as const;
const MOST: Evidence = { healthyBefore: 4, failing: 3 };
const FEW: Evidence = { healthyBefore: 4, failing: 2 };

const after = (verdict: CanaryVerdict): SelfDoubt =>
  applyCanaryVerdict(updateSelfDoubt(NO_SELF_DOUBT, MOST, AUTO, NOW).next, verdict, 'auto', NOW + 100);

describe('isMassFailure', () => {
  it.each([
    [1, 1, false],
    [2, 2, false],
    [3, 3, true],
    [4, 2, false],
    [4, 3, true],
    [6, 3, false],
    [7, 4, true],
    [1_000, 500, false],
    [1_000, 501, true],
  ])('of %d healthy before, %d failing: %s', (healthyBefore, failing, expected) => {
    expect(isMassFailure({ healthyBefore, failing })).toBe(expected);
  });
});

describe('self-doubt', () => {
  it('holds failures until the canary verdict arrives, and queries the canary once', () => {
    const asking = updateSelfDoubt(NO_SELF_DOUBT, MOST, AUTO, NOW);
    expect(asking).toMatchObject({ next: { kind: 'asking', since: NOW }, queryCanary: true });
    expect(updateSelfDoubt(asking.next, MOST, AUTO, NOW + 1_000)).toEqual({ next: asking.next, queryCanary: false });
    expect(failureHandling(asking.next)).toBe('hold');
  });

  it.each<readonly [CanaryVerdict, SelfDoubt['kind'], string]>([
    ['unseen', 'doubting', 'keep'],
    ['seen', 'believing', 'apply'],
    ['none', 'unwitnessed', 'apply'],
    ['late', 'asking', 'hold'],
  ])('becomes, by canary verdict %s, %s: failures %s', (verdict, kind, handling) => {
    expect(after(verdict).kind).toBe(kind);
    expect(failureHandling(after(verdict))).toBe(handling);
  });

  it('queries the canary again in each round, and follows a new verdict', () => {
    const doubting = after('unseen');
    expect(updateSelfDoubt(doubting, MOST, AUTO, NOW + ROUND - 1)).toEqual({ next: doubting, queryCanary: false });
    const again = updateSelfDoubt(doubting, MOST, AUTO, NOW + ROUND);
    expect(again).toMatchObject({ next: { kind: 'doubting', since: doubting.since }, queryCanary: true });
    expect(applyCanaryVerdict(again.next, 'seen', 'auto', NOW + ROUND + 5)).toMatchObject({ kind: 'believing' });
  });

  it('ends when most components are healthy again, whatever its kind', () => {
    for (const kind of SELF_DOUBT_KINDS)
      expect(updateSelfDoubt({ kind, since: NOW, canaryQueriedAt: NOW }, FEW, AUTO, NOW + 1).next.kind).toBe('sure');
  });

  it('waits a limited time for a canary verdict', () => {
    const { next } = updateSelfDoubt(NO_SELF_DOUBT, MOST, AUTO, NOW);
    expect(updateSelfDoubt(next, MOST, AUTO, NOW + MAX_CANARY_MS).next.kind).toBe('unwitnessed');
    expect(applyCanaryVerdict(NO_SELF_DOUBT, 'unseen', 'auto', NOW)).toBe(NO_SELF_DOUBT);
  });

  it('can be switched on and off by configuration', () => {
    expect(updateSelfDoubt(NO_SELF_DOUBT, FEW, { mode: 'always', roundMs: ROUND }, NOW).next.kind).toBe('doubting');
    expect(updateSelfDoubt(after('unseen'), MOST, { mode: 'never', roundMs: ROUND }, NOW).next.kind).toBe('sure');
    expect(applyCanaryVerdict({ ...NO_SELF_DOUBT, kind: 'doubting' }, 'seen', 'always', NOW).kind).toBe('doubting');
  });

  it('is overruled by a single canary that is seen', () => {
    expect(combineVerdicts([])).toBe('none');
    expect(combineVerdicts(['none', 'unseen'])).toBe('unseen');
    expect(combineVerdicts(['unseen', 'seen', 'none'])).toBe('seen');
  });

  it('keeps a status only with an unseen canary, and only while most fail', () => {
    const step = fc.record({
      healthyBefore: fc.nat(20),
      failing: fc.nat(20),
      verdict: fc.constantFrom<CanaryVerdict | null>('seen', 'unseen', 'none', null),
      elapsed: fc.integer({ min: -86_400_000, max: 86_400_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let selfDoubt = NO_SELF_DOUBT;
        let now = NOW;
        let lastVerdict: CanaryVerdict | null = null;
        for (const { healthyBefore, failing, verdict, elapsed } of steps) {
          now += elapsed;
          const evidence = { healthyBefore: Math.max(healthyBefore, failing), failing };
          selfDoubt = updateSelfDoubt(selfDoubt, evidence, AUTO, now).next;
          if (!isMassFailure(evidence)) expect(selfDoubt.kind).toBe('sure');
          if (verdict !== null && selfDoubt.kind !== 'sure') {
            selfDoubt = applyCanaryVerdict(selfDoubt, verdict, 'auto', now);
            lastVerdict = verdict;
          }
          if (failureHandling(selfDoubt) === 'keep') expect(lastVerdict).toBe('unseen');
        }
      }),
    );
  });
});
