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
const MOST: Evidence = { well: 4, troubled: 3 };
const FEW: Evidence = { well: 4, troubled: 2 };

const after = (testimony: CanaryVerdict): SelfDoubt =>
  applyCanaryVerdict(updateSelfDoubt(NO_SELF_DOUBT, MOST, AUTO, NOW).next, testimony, 'auto', NOW + 100);

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
  ])('of %d that were well, %d in trouble: %s', (well, troubled, expected) => {
    expect(isMassFailure({ well, troubled })).toBe(expected);
  });
});

describe('self-doubt', () => {
  it('holds what it sees until the witness has answered, asked once', () => {
    const asking = updateSelfDoubt(NO_SELF_DOUBT, MOST, AUTO, NOW);
    expect(asking).toMatchObject({ next: { kind: 'asking', since: NOW }, queryCanary: true });
    expect(updateSelfDoubt(asking.next, MOST, AUTO, NOW + 1_000)).toEqual({ next: asking.next, queryCanary: false });
    expect(failureHandling(asking.next)).toBe('hold');
  });

  it.each<readonly [CanaryVerdict, SelfDoubt['kind'], string]>([
    ['unseen', 'doubting', 'keep'],
    ['seen', 'believing', 'apply'],
    ['none', 'unwitnessed', 'apply'],
  ])('a witness that is %s makes it %s: failures %s', (testimony, kind, belief) => {
    expect(after(testimony).kind).toBe(kind);
    expect(failureHandling(after(testimony))).toBe(belief);
  });

  it('asks again each round while it lasts, and changes its mind', () => {
    const doubting = after('unseen');
    expect(updateSelfDoubt(doubting, MOST, AUTO, NOW + ROUND - 1)).toEqual({ next: doubting, queryCanary: false });
    const again = updateSelfDoubt(doubting, MOST, AUTO, NOW + ROUND);
    expect(again).toMatchObject({ next: { kind: 'doubting', since: doubting.since }, queryCanary: true });
    expect(applyCanaryVerdict(again.next, 'seen', 'auto', NOW + ROUND + 5)).toMatchObject({ kind: 'believing' });
  });

  it('is over when most can be seen again, whatever it was', () => {
    for (const kind of SELF_DOUBT_KINDS)
      expect(updateSelfDoubt({ kind, since: NOW, askedAt: NOW }, FEW, AUTO, NOW + 1).next.kind).toBe('sure');
  });

  it('does not wait for ever for a witness', () => {
    const { next } = updateSelfDoubt(NO_SELF_DOUBT, MOST, AUTO, NOW);
    expect(updateSelfDoubt(next, MOST, AUTO, NOW + MAX_CANARY_MS).next.kind).toBe('unwitnessed');
    expect(applyCanaryVerdict(NO_SELF_DOUBT, 'unseen', 'auto', NOW)).toBe(NO_SELF_DOUBT);
  });

  it('is turned on and off by hand', () => {
    expect(updateSelfDoubt(NO_SELF_DOUBT, FEW, { mode: 'always', roundMs: ROUND }, NOW).next.kind).toBe('doubting');
    expect(updateSelfDoubt(after('unseen'), MOST, { mode: 'never', roundMs: ROUND }, NOW).next.kind).toBe('sure');
    expect(applyCanaryVerdict({ ...NO_SELF_DOUBT, kind: 'doubting' }, 'seen', 'always', NOW).kind).toBe('doubting');
  });

  it('one witness that is seen outweighs any that are not', () => {
    expect(combineVerdicts([])).toBe('none');
    expect(combineVerdicts(['none', 'unseen'])).toBe('unseen');
    expect(combineVerdicts(['unseen', 'seen', 'none'])).toBe('seen');
  });

  it('never keeps a status without a witness that is not seen, and never while few fail', () => {
    const step = fc.record({
      well: fc.nat(20),
      troubled: fc.nat(20),
      testimony: fc.constantFrom<CanaryVerdict | null>('seen', 'unseen', 'none', null),
      elapsed: fc.integer({ min: -86_400_000, max: 86_400_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let doubt = NO_SELF_DOUBT;
        let now = NOW;
        let lastHeard: CanaryVerdict | null = null;
        for (const { well, troubled, testimony, elapsed } of steps) {
          now += elapsed;
          const evidence = { well: Math.max(well, troubled), troubled };
          doubt = updateSelfDoubt(doubt, evidence, AUTO, now).next;
          if (!isMassFailure(evidence)) expect(doubt.kind).toBe('sure');
          if (testimony !== null && doubt.kind !== 'sure') {
            doubt = applyCanaryVerdict(doubt, testimony, 'auto', now);
            lastHeard = testimony;
          }
          if (failureHandling(doubt) === 'keep') expect(lastHeard).toBe('unseen');
        }
      }),
    );
  });
});
