import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHealthResponse } from '../../../../src/core/health/response/read-response.ts';
import { bodyOf } from '../../../support/health-answers/body-of.ts';
import type { Verdict } from '../../../support/health-answers/dialect-table.ts';
import { LANGUAGES, TABLE } from '../../../support/health-answers/dialect-table.ts';
import { WELL_KNOWN_ANSWERS } from '../../../support/health-answers/well-known-answers.ts';

/** Built here, because fast-check needs seconds for it on a busy machine. */
const ANY_TEXT = fc.string({ unit: 'binary' });
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/u;

const read = (httpStatus: number, body: string) => readHealthResponse(httpStatus, bodyOf(body));

const verdictOf = (httpStatus: number, body: string): Verdict => {
  const reading = read(httpStatus, body);
  return reading.kind === 'passed' ? reading.status : 'failed';
};

describe('a well-known server that is healthy', () => {
  it.each(WELL_KNOWN_ANSWERS)('%s', (_, body) => {
    expect(read(200, body)).toMatchObject({ kind: 'passed', status: 'healthy' });
  });

  it('is one of at least eighty', () => expect(WELL_KNOWN_ANSWERS.length).toBeGreaterThanOrEqual(80));
});

describe('readHealthResponse', () => {
  it.each(TABLE)('%s: %i %j', (_, httpStatus, body, expected) => {
    expect(verdictOf(httpStatus, body)).toBe(expected);
  });

  it.each([
    [503, '', 'HTTP_503', 'answered HTTP 503, not a success'],
    [302, '', 'HTTP_302', 'answered HTTP 302, a redirect, which is not followed'],
    [200, '{"status":"DOWN"}', 'REPORTED_UNHEALTHY', 'answered HTTP 200 and calls itself DOWN'],
  ])('gives the reason why %i %s failed', (httpStatus, body, code, message) => {
    expect(read(httpStatus, body)).toMatchObject({ kind: 'failed', error: { code, message } });
  });

  it.each([
    [200, 'Degraded', 'Degraded'],
    [200, '{"status":"warn","secret":"hunter2"}', 'warn'],
    [200, 'hunter2', null],
    [500, 'Error: password hunter2 refused', 'Error'],
    [500, 'Exception: password hunter2 refused', 'Exception'],
    [500, 'Trace: password hunter2 refused', null],
    [200, '{"status":"unhealthy: password hunter2 refused"}', 'unhealthy'],
    [200, '{"status":"hunter2"}', '"status" has an unfamiliar value'],
    [200, '{"error":"hunter2"}', 'in error'],
    [200, 'WARNING - hunter2', 'WARNING'],
    [200, '{"checks":{"hunter2":{"status":"down","output":"hunter2"}}}', 'down'],
    [503, '{"status":"fail","output":"hunter2"}', 'fail'],
    [429, '', 'HTTP 429: over its own limits'],
  ])('keeps of %i %s only the known word', (httpStatus, body, details) => {
    expect(read(httpStatus, body).details).toBe(details);
  });

  it('keeps only printable characters of a word', () => {
    expect(read(200, 'out\r\nof\tservice').details).toBe('out of service');
  });

  describe.each(Object.entries(LANGUAGES))('in %s', (_, [healthy, degraded, unhealthy]) => {
    it.each(healthy.split(', '))('%s is healthy', (word) =>
      expect(verdictOf(200, JSON.stringify({ status: word }))).toBe('healthy'),
    );
    it.each(degraded.split(', '))('%s is degraded', (word) => expect(verdictOf(200, word)).toBe('degraded'));
    it.each(unhealthy.split(', '))('%s is unhealthy', (word) => expect(verdictOf(200, word)).toBe('failed'));
  });

  it.each([
    ['a long run of dots', '.'.repeat(65_535) + 'x'],
    ['a long run of spaces', `out${' '.repeat(65_000)}of service`],
    ['a deep nest', '{"status":'.repeat(6_000) + '"down"' + '}'.repeat(6_000)],
    ['a deep list', '['.repeat(65_535)],
  ])('reads %s', (_, body) => {
    expect(['healthy', 'degraded']).toContain(verdictOf(200, body));
  });

  it('gives the reason in a word if the body contains only a flag', () => {
    expect(read(200, '{"status":"ok","healthy":false}').details).toBe('unhealthy');
    expect(read(200, '{"degraded":"true"}').details).toBe('degraded');
  });

  it('reads any JSON without a throw, and JSON without a known name as healthy', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (document) => {
        const unnamed = Object.fromEntries(Object.values(document).map((value, index) => [`n${index}`, value]));
        verdictOf(200, JSON.stringify(document));
        if (Object.values(document).every((value) => typeof value !== 'object'))
          expect(verdictOf(200, JSON.stringify(unnamed))).toBe('healthy');
      }),
    );
  });

  it('copies only printable characters, at most 256, of any body', () => {
    const evil = fc.constantFrom(
      '\u202E',
      '\u200B',
      '\u2066',
      '\uFEFF',
      '\u0000',
      '\uD800',
      '\u2028',
      '\r\n',
      '\t',
      ' ',
      '.',
    );
    const word = fc.constantFrom(
      'out of service',
      'down',
      'degraded',
      'ok',
      'not healthy',
      'UP',
      '"',
      '{"status":"',
      '}',
    );
    const mixed = fc.array(fc.oneof(evil, word, ANY_TEXT), { maxLength: 9 }).map((parts) => parts.join(''));
    const body = fc.oneof(
      mixed,
      mixed.map((status) => JSON.stringify({ status })),
    );
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), body, (httpStatus, body) => {
        const reading = read(httpStatus, body);
        const said = [reading.details ?? '', reading.kind === 'failed' ? reading.error.message : ''];
        expect(said.filter((text) => text.length > 256 || INVISIBLE.test(text))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('fails every status outside 2xx except 429, whatever the body', () => {
    const outside = fc.integer({ min: 300, max: 599 }).filter((httpStatus) => httpStatus !== 429);
    fc.assert(
      fc.property(outside, fc.constantFrom('', 'ok', '{"status":"UP"}', '{"healthy":true}'), (httpStatus, body) => {
        expect(read(httpStatus, body)).toMatchObject({ error: { code: `HTTP_${httpStatus}` } });
      }),
    );
  });
});
