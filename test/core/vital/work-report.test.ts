import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VitalReading } from '../../../src/core/vital/warnings.ts';
import { readCompletion, readOutcomes, readRenewal } from '../../../src/core/vital/work-report.ts';

const summary = (reading: VitalReading<unknown>) =>
  reading.ok
    ? { value: reading.value, warnings: reading.warnings.map(({ path }) => path) }
    : { faults: reading.faults.map(({ path }) => path) };

describe('a completion', () => {
  it.each([
    [{ outcome: 'success' }, { latencyMs: null, error: null }, []],
    [{ outcome: 'success', latencyMs: 0.5 }, { latencyMs: 0.5, error: null }, []],
    [{ outcome: 'success', latencyMs: -3 }, { latencyMs: null, error: null }, ['latencyMs']],
    [{ outcome: 'success', latencyMs: 86_400_001 }, { latencyMs: null, error: null }, ['latencyMs']],
    [{ outcome: 'success', latencyMs: '12' }, { latencyMs: null, error: null }, ['latencyMs']],
    [{ outcome: 'failure', error: null, reason: 'x' }, { latencyMs: null, error: null }, ['reason']],
    [{ outcome: 'failure', error: 7 }, { latencyMs: null, error: null }, ['error']],
    [
      { outcome: 'failure', error: { message: 'm'.repeat(2_100) } },
      { latencyMs: null, error: { message: 'm'.repeat(2_048) } },
      ['error.message'],
    ],
  ])('%j frees the slot', (body, value, warnings) => {
    expect(summary(readCompletion(body))).toMatchObject({ value: { outcome: body.outcome, ...value }, warnings });
  });

  it.each([
    [null, ''],
    [[], ''],
    [{}, 'outcome'],
    [{ outcome: 'fine' }, 'outcome'],
    [{ outcome: 1 }, 'outcome'],
  ])('%j is refused: the outcome is what it is about', (body, path) => {
    expect(summary(readCompletion(body))).toEqual({ faults: [path] });
  });

  it('with an outcome frees the slot whatever else it contains', () => {
    const rest = fc.record({ latencyMs: fc.anything(), error: fc.jsonValue() });
    fc.assert(fc.property(rest, (more) => readCompletion({ outcome: 'timeout', ...more }).ok));
  });
});

describe('a renewal', () => {
  it.each([
    [1_000, 1_000, []],
    [1, 1_000, ['ttlMs']],
    [4_000_000, 3_600_000, ['ttlMs']],
    [1_500.4, 1_500, ['ttlMs']],
  ])('of %d ms extends the lease', (ttlMs, value, warnings) => {
    expect(summary(readRenewal({ ttlMs }))).toEqual({ value, warnings });
  });

  it.each([{}, { ttlMs: null }, { ttlMs: '5000' }])('%j is refused: a guess could shorten the lease', (body) => {
    expect(summary(readRenewal(body))).toEqual({ faults: ['ttlMs'] });
  });
});

describe('a list of outcomes', () => {
  it('counts what can be read', () => {
    const list = [{ outcome: 'success', latencyMs: -1 }, { outcome: 'fine' }, 7, { outcome: 'failure', inFlight: 1.5 }];
    expect(summary(readOutcomes(list))).toEqual({
      value: [
        { outcome: 'success', latencyMs: null, inFlight: null },
        { outcome: 'failure', latencyMs: null, inFlight: 2 },
      ],
      warnings: ['[0].latencyMs', '[1].outcome', '[2]', '[3].inFlight'],
    });
  });

  it.each([
    [[], ['']],
    [{ outcome: 'success' }, ['']],
    [Array.from({ length: 501 }, () => ({ outcome: 'success' })), ['']],
    [
      [{ outcome: 'fine' }, {}],
      ['[0].outcome', '[1].outcome'],
    ],
  ])('without a readable outcome, or too long, is refused: %#', (body, faults) => {
    expect(summary(readOutcomes(body))).toEqual({ faults });
  });
});
