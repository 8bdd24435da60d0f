import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_HELD,
  MAX_IN_FLIGHT,
  NOTHING_IN_FLIGHT,
  SPAN_MS,
  begin,
  end,
  countsFor,
  heldReason,
  inFlightAt,
  shedReason,
} from '../../../src/core/access/load-shedding.ts';
import { REQUEST_CLASSES } from '../../../src/core/access/request-class.ts';

const T = 1_800_000_000_000;

const shedAt = (inFlight: number, ofAccount = 0) =>
  REQUEST_CLASSES.filter((each) => shedReason(each, inFlight, ofAccount) !== null);

describe('shedReason', () => {
  it('sheds lists first, then lookups, changes and traffic', () => {
    expect(shedAt(0)).toEqual([]);
    expect(shedAt(63)).toEqual([]);
    expect(shedAt(64)).toEqual(['list']);
    expect(shedAt(191)).toEqual(['list']);
    expect(shedAt(192)).toEqual(['list', 'lookup']);
    expect(shedAt(384)).toEqual(['list', 'lookup', 'change']);
    expect(shedAt(1_023)).toEqual(['list', 'lookup', 'change']);
    expect(shedAt(1_024)).toEqual(['list', 'lookup', 'change', 'traffic']);
  });

  it('tells an account that uses its share from an isolate that is full', () => {
    expect(shedReason('list', 32, 32)).toBe('too-many-in-flight');
    expect(shedReason('list', 64, 0)).toBe('overloaded');
  });

  it('is never caused by the calls of another account alone, however many there are', () => {
    const classes = fc.constantFrom(...REQUEST_CLASSES);
    fc.assert(
      fc.property(classes, fc.nat(2_000), (requestClass, calls) => {
        let counted = 0;
        for (let call = 0; call < calls; call++) if (countsFor(requestClass, call)) counted++;
        expect(shedReason(requestClass, counted, 0)).toBeNull();
      }),
    );
  });

  it('is bounded apart for calls that wait for something outside', () => {
    expect(heldReason(0, MAX_HELD.ofAccount - 1)).toBeNull();
    expect(heldReason(0, MAX_HELD.ofAccount)).toBe('too-many-in-flight');
    expect(heldReason(MAX_HELD.all, 0)).toBe('overloaded');
  });

  it('limits an account to half of the capacity', () => {
    expect(shedAt(31, 31)).toEqual([]);
    expect(shedAt(32, 32)).toEqual(['list']);
    expect(shedAt(96, 96)).toEqual(['list', 'lookup']);
    expect(shedAt(511, 511)).toEqual(['list', 'lookup', 'change']);
    expect(shedAt(512, 512)).toEqual(['list', 'lookup', 'change', 'traffic']);
  });

  it('has limits in the order of the classes', () => {
    const bounds = REQUEST_CLASSES.map((each) => MAX_IN_FLIGHT[each]);
    expect(bounds.toSorted((a, b) => a - b)).toEqual(bounds);
  });
});

describe('the count of calls in flight', () => {
  it('is the number of calls begun and not ended, however they overlap', () => {
    const call = fc.record({ at: fc.nat(SPAN_MS), for: fc.nat(SPAN_MS - 1) });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 50 }), (calls) => {
        const steps = calls
          .flatMap((each) => [
            { at: T + each.at, begunAt: null },
            { at: T + each.at + each.for, begunAt: T + each.at },
          ])
          .toSorted((a, b) => a.at - b.at || Number(a.begunAt !== null) - Number(b.begunAt !== null));
        let [state, expected] = [NOTHING_IN_FLIGHT, 0];
        for (const { at, begunAt } of steps) {
          state = begunAt === null ? begin(state, at) : end(state, begunAt, at);
          expected += begunAt === null ? 1 : -1;
          expect(inFlightAt(state, at)).toBe(expected);
        }
        expect(expected).toBe(0);
      }),
    );
  });

  it('drops a call whose end is never reported, one to two spans after its beginning', () => {
    const state = begin(NOTHING_IN_FLIGHT, T);
    expect(inFlightAt(state, T + SPAN_MS - 1)).toBe(1);
    expect(inFlightAt(state, T + 2 * SPAN_MS)).toBe(0);
    expect(inFlightAt(state, T + 20 * SPAN_MS)).toBe(0);
  });

  it('never drops below 0 after a late end', () => {
    const late = end(begin(NOTHING_IN_FLIGHT, T), T, T + 2 * SPAN_MS);
    expect(inFlightAt(late, T + 2 * SPAN_MS)).toBe(0);
    expect(inFlightAt(end(begin(late, T + 2 * SPAN_MS), T, T + 2 * SPAN_MS), T + 2 * SPAN_MS)).toBe(1);
  });

  it('is kept when the clock is set back', () => {
    const state = begin(NOTHING_IN_FLIGHT, T);
    expect(inFlightAt(state, T - SPAN_MS)).toBe(1);
  });
});
