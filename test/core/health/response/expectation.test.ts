import { describe, expect, it } from 'vitest';
import type { Expectation } from '../../../../src/core/component/health-check.ts';
import { readHealthResponse } from '../../../../src/core/health/response/read-response.ts';
import { bodyOf } from '../../../support/health-answers/body-of.ts';

type Verdict = 'healthy' | 'degraded' | 'failed';

const at = (pointer: string, value: string | number | boolean | null): Expectation => ({ body: { pointer, value } });
const text = (contains: string): Expectation => ({ body: { contains } });
const only = (...status: number[]): Expectation => ({ status });

const DOCUMENT = '{"db":{"state":"up","n":0,"a/b":1,"m~n":2,"":3,"list":[{"ok":true},null]},"status":"down"}';

const TABLE: readonly (readonly [string, Expectation, httpStatus: number, body: string, Verdict])[] = [
  ['the expected status', only(204), 204, '', 'healthy'],
  ['another status', only(204), 200, '', 'failed'],
  ['one of several statuses', only(200, 503), 503, '', 'healthy'],
  ['an expected redirect', only(302), 302, '', 'healthy'],
  ['an expected 429', only(429), 429, '', 'healthy'],
  ['an unexpected 429', only(200), 429, '', 'failed'],
  ['an expected status with a degraded body', only(200), 200, '{"status":"degraded"}', 'degraded'],
  ['an expected status with a body that says down', only(200, 503), 503, '{"status":"down"}', 'failed'],
  ['contained text', text('all well'), 200, 'and all well.', 'healthy'],
  ['text in another case', text('all well'), 200, 'All Well', 'failed'],
  ['contained text with a 503', text('all well'), 503, 'all well', 'failed'],
  ['contained text with a 429', text('all well'), 429, 'all well', 'degraded'],
  ['contained text beside a status word', text('down'), 200, '{"status":"down"}', 'healthy'],
  ['text in an empty body', text('x'), 200, '', 'failed'],
  ['both met', { ...only(503), ...text('standby') }, 503, 'standby', 'healthy'],
  ['only the body met', { ...only(200), ...text('standby') }, 503, 'standby', 'failed'],
  ['only the status met', { ...only(503), ...text('standby') }, 503, 'active', 'failed'],
  ['a value', at('/db/state', 'up'), 200, DOCUMENT, 'healthy'],
  ['another value', at('/db/state', 'UP'), 200, DOCUMENT, 'failed'],
  ['a value of another type', at('/db/n', '0'), 200, DOCUMENT, 'failed'],
  ['zero', at('/db/n', 0), 200, DOCUMENT, 'healthy'],
  ['an escaped slash', at('/db/a~1b', 1), 200, DOCUMENT, 'healthy'],
  ['an escaped tilde', at('/db/m~0n', 2), 200, DOCUMENT, 'healthy'],
  ['the empty name', at('/db/', 3), 200, DOCUMENT, 'healthy'],
  ['a place in a list', at('/db/list/0/ok', true), 200, DOCUMENT, 'healthy'],
  ['null in a list', at('/db/list/1', null), 200, DOCUMENT, 'healthy'],
  ['a place beyond the list', at('/db/list/2', null), 200, DOCUMENT, 'failed'],
  ['a place with a leading zero', at('/db/list/00/ok', true), 200, DOCUMENT, 'failed'],
  ['the length of a list', at('/db/list/length', 2), 200, DOCUMENT, 'failed'],
  ['a name of a built-in object property', at('/constructor/name', 'Object'), 200, DOCUMENT, 'failed'],
  ['null at a missing place', at('/nothing', null), 200, DOCUMENT, 'failed'],
  ['a step into text', at('/db/state/length', 2), 200, DOCUMENT, 'failed'],
  ['the whole document', at('', true), 200, 'true', 'healthy'],
  ['no JSON', at('', 'ok'), 200, 'ok', 'failed'],
  ['nothing', at('', null), 204, '', 'failed'],
];

describe('readHealthResponse with an expectation', () => {
  it.each(TABLE)('%s', (_, expected, httpStatus, body, verdict) => {
    const reading = readHealthResponse(httpStatus, bodyOf(body), expected);
    expect(reading.kind === 'passed' ? reading.status : 'failed').toBe(verdict);
  });

  it.each([
    [only(200, 204), 503, '', 'answered HTTP 503, expected 200, 204'],
    [
      text('well'),
      200,
      'hunter2',
      'answered HTTP 200, the expected text is not in the 7 characters of the body that were read',
    ],
    [
      at('/a', 1),
      200,
      '{"a":"hunter2"}',
      'answered HTTP 200, expected another value at "/a": it is a text of 7 characters',
    ],
    [at('/a', 1), 200, '{"a":"DOWN"}', 'answered HTTP 200, expected another value at "/a": it is DOWN'],
    [at('/a', 1), 200, '{"a":2}', 'answered HTTP 200, expected another value at "/a": it is 2'],
    [at('/a', 1), 200, '{"a":{"hunter2":1}}', 'answered HTTP 200, expected another value at "/a": it is an object'],
    [at('/a', 1), 200, '{"a":[]}', 'answered HTTP 200, expected another value at "/a": it is a list'],
    [at('/a', 1), 200, '{}', 'answered HTTP 200, expected another value at "/a": there is none'],
    [at('/a', 1), 200, 'hunter2', 'answered HTTP 200, expected JSON with a value at "/a", the body is no JSON'],
    [at('/a', 1), 200, '', 'answered HTTP 200, expected JSON with a value at "/a", the body is empty'],
  ])('%j: describes the difference of %i %s', (expected, httpStatus, body, message) => {
    expect(readHealthResponse(httpStatus, bodyOf(body), expected)).toEqual({
      kind: 'failed',
      error: { code: 'EXPECTATION_FAILED', message },
      details: null,
    });
  });

  it('applies the default rule to a status without an expectation: a 503 fails as such', () => {
    expect(readHealthResponse(503, bodyOf('well'), text('well'))).toMatchObject({ error: { code: 'HTTP_503' } });
  });
});
