import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFailureReport } from '../../../src/core/vital/failure-report.ts';
import { cutText } from '../../../src/core/vital/texts.ts';

const errorOf = (error: unknown) => {
  const reading = readFailureReport({ error });
  return reading.ok ? { ...reading.value.error, warnings: reading.warnings.map(({ path }) => path) } : null;
};

describe('a failure report', () => {
  it.each([
    [{ message: 'refused' }, { message: 'refused', warnings: [] }],
    [
      { code: 'ECONNRESET', message: 'reset' },
      { code: 'ECONNRESET', message: 'reset', warnings: [] },
    ],
    ['it failed', { message: 'it failed', warnings: [] }],
    [{ code: 503 }, { code: '503', message: '503', warnings: [] }],
    [
      { name: 'Error', message: 'x' },
      { message: 'x', warnings: [] },
    ],
    [
      { name: 'TypeError', message: 'x' },
      { code: 'TypeError', message: 'x', warnings: [] },
    ],
    [
      { name: 'TimeoutError', code: 23, message: 'x' },
      { code: 'TimeoutError', message: 'x', warnings: [] },
    ],
    [
      { code: null, message: null, name: 'AbortError' },
      { code: 'AbortError', message: 'AbortError', warnings: [] },
    ],
    [{}, { message: 'the caller gave no message', warnings: ['error.message'] }],
    [
      { message: 'x', stack: 'at y' },
      { message: 'x', warnings: ['error.stack'] },
    ],
    [
      { message: { text: 'x' }, code: 'c' },
      { code: 'c', message: 'c', warnings: ['error.message'] },
    ],
    [{ message: 'm'.repeat(2_100) }, { message: 'm'.repeat(2_048), warnings: ['error.message'] }],
    [
      { message: 'x', code: 'c'.repeat(129) },
      { code: 'c'.repeat(128), message: 'x', warnings: ['error.code'] },
    ],
  ])('about %j counts', (error, expected) => {
    expect(errorOf(error)).toEqual(expected);
  });

  it.each([undefined, null, 7, [], true])('about %j is refused: nothing says that anything failed', (error) => {
    expect(readFailureReport({ error })).toMatchObject({ ok: false, faults: [{ path: 'error' }] });
  });

  it.each([
    [{ try: 2 }, { try: 2 }, []],
    [null, null, []],
    ['text', null, ['context']],
    [[1], null, ['context']],
    [{ blob: 'x'.repeat(9_000) }, null, ['context']],
    [JSON.parse('{"__proto__":1}'), null, ['context']],
  ])('keeps its context, or drops the whole of it: %#', (context, kept, warnings) => {
    const reading = readFailureReport({ error: 'x', context });
    if (!reading.ok) throw new Error('refused');
    expect(reading.value.context).toEqual(kept);
    expect(reading.warnings.map(({ path }) => path)).toEqual(warnings);
  });
});

describe('a cut text', () => {
  it('never ends within a code point', () => {
    expect(cutText('ab😀', 3)).toBe('ab');
    expect(cutText('ab😀', 4)).toBe('ab😀');
    const units = fc.array(fc.constantFrom('a', 'é', '😀'), { maxLength: 20 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(units, fc.nat(40), (text, max) => {
        const cut = cutText(text, max);
        expect(cut.length).toBeLessThanOrEqual(max);
        expect(cut.isWellFormed()).toBe(true);
        expect(text.startsWith(cut)).toBe(true);
      }),
    );
  });
});
