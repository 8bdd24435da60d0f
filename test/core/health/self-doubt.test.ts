import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Doubt, Evidence, Testimony } from '../../../src/core/health/self-doubt.ts';
import {
  DOUBT_KINDS,
  MAX_ASKING_MS,
  SURE,
  beliefIn,
  hear,
  isMassFailure,
  reconsider,
  together,
} from '../../../src/core/health/self-doubt.ts';

const NOW = 1_800_000_000_000;
const ROUND = 4_000;
const AUTO = { mode: 'auto', roundMs: ROUND } as const;
const MOST: Evidence = { well: 4, troubled: 3 };
const FEW: Evidence = { well: 4, troubled: 2 };

const after = (testimony: Testimony): Doubt =>
  hear(reconsider(SURE, MOST, AUTO, NOW).next, testimony, 'auto', NOW + 100);

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
    const asking = reconsider(SURE, MOST, AUTO, NOW);
    expect(asking).toMatchObject({ next: { kind: 'asking', since: NOW }, ask: true });
    expect(reconsider(asking.next, MOST, AUTO, NOW + 1_000)).toEqual({ next: asking.next, ask: false });
    expect(beliefIn(asking.next)).toBe('hold');
  });

  it.each<readonly [Testimony, Doubt['kind'], string]>([
    ['unseen', 'doubting', 'keep'],
    ['seen', 'believing', 'apply'],
    ['none', 'unwitnessed', 'apply'],
  ])('a witness that is %s makes it %s: failures %s', (testimony, kind, belief) => {
    expect(after(testimony).kind).toBe(kind);
    expect(beliefIn(after(testimony))).toBe(belief);
  });

  it('asks again each round while it lasts, and changes its mind', () => {
    const doubting = after('unseen');
    expect(reconsider(doubting, MOST, AUTO, NOW + ROUND - 1)).toEqual({ next: doubting, ask: false });
    const again = reconsider(doubting, MOST, AUTO, NOW + ROUND);
    expect(again).toMatchObject({ next: { kind: 'doubting', since: doubting.since }, ask: true });
    expect(hear(again.next, 'seen', 'auto', NOW + ROUND + 5)).toMatchObject({ kind: 'believing' });
  });

  it('is over when most can be seen again, whatever it was', () => {
    for (const kind of DOUBT_KINDS)
      expect(reconsider({ kind, since: NOW, askedAt: NOW }, FEW, AUTO, NOW + 1).next.kind).toBe('sure');
  });

  it('does not wait for ever for a witness', () => {
    const { next } = reconsider(SURE, MOST, AUTO, NOW);
    expect(reconsider(next, MOST, AUTO, NOW + MAX_ASKING_MS).next.kind).toBe('unwitnessed');
    expect(hear(SURE, 'unseen', 'auto', NOW)).toBe(SURE);
  });

  it('is turned on and off by hand', () => {
    expect(reconsider(SURE, FEW, { mode: 'always', roundMs: ROUND }, NOW).next.kind).toBe('doubting');
    expect(reconsider(after('unseen'), MOST, { mode: 'never', roundMs: ROUND }, NOW).next.kind).toBe('sure');
    expect(hear({ ...SURE, kind: 'doubting' }, 'seen', 'always', NOW).kind).toBe('doubting');
  });

  it('one witness that is seen outweighs any that are not', () => {
    expect(together([])).toBe('none');
    expect(together(['none', 'unseen'])).toBe('unseen');
    expect(together(['unseen', 'seen', 'none'])).toBe('seen');
  });

  it('never keeps a status without a witness that is not seen, and never while few fail', () => {
    const step = fc.record({
      well: fc.nat(20),
      troubled: fc.nat(20),
      testimony: fc.constantFrom<Testimony | null>('seen', 'unseen', 'none', null),
      elapsed: fc.integer({ min: -86_400_000, max: 86_400_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let doubt = SURE;
        let now = NOW;
        let lastHeard: Testimony | null = null;
        for (const { well, troubled, testimony, elapsed } of steps) {
          now += elapsed;
          const evidence = { well: Math.max(well, troubled), troubled };
          doubt = reconsider(doubt, evidence, AUTO, now).next;
          if (!isMassFailure(evidence)) expect(doubt.kind).toBe('sure');
          if (testimony !== null && doubt.kind !== 'sure') {
            doubt = hear(doubt, testimony, 'auto', now);
            lastHeard = testimony;
          }
          if (beliefIn(doubt) === 'keep') expect(lastHeard).toBe('unseen');
        }
      }),
    );
  });
});
