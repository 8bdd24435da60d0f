import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exponentialDecay } from '../../src/core/exponential-decay.ts';

describe('the exponential decay', () => {
  it('is 1 at 0', () => {
    expect(exponentialDecay(0)).toBe(1);
  });

  it('is within 1e-6 of the exact value, and never negative', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (x) => {
        const value = exponentialDecay(x);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(Math.abs(value - Math.exp(-x))).toBeLessThan(1e-6);
      }),
    );
  });

  it('never grows', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 40, noNaN: true }),
        fc.double({ min: 1e-3, max: 10, noNaN: true }),
        (x, more) => {
          expect(exponentialDecay(x + more)).toBeLessThanOrEqual(exponentialDecay(x));
        },
      ),
    );
  });
});
