import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditedChange } from '../../../src/core/access/audited-change.ts';
import type { Json, JsonObject } from '../../../src/core/json.ts';

const update = (before: JsonObject, after: JsonObject) => auditedChange('component.update', before, after);
/** Text whose JSON has so many characters. */
const long = (characters: number): string => 'x'.repeat(characters - 2);
const clip = (leftOut: number) => expect.stringMatching(new RegExp(`^"x{127}… ${leftOut} characters left out$`));

describe('an update', () => {
  it.each<[string, JsonObject, JsonObject, JsonObject, JsonObject]>([
    ['nothing', { id: 'a', weight: 1 }, { id: 'a', weight: 1 }, {}, {}],
    ['one field', { id: 'a', weight: 1 }, { id: 'a', weight: 2 }, { weight: 1 }, { weight: 2 }],
    ['one that is new', { id: 'a' }, { id: 'a', heartbeat: { ttl: 1 } }, {}, { heartbeat: { ttl: 1 } }],
    ['one that is gone', { id: 'a', control: { endpoint: '/c' } }, { id: 'a' }, { control: { endpoint: '/c' } }, {}],
    ['one that became null', { a: 1 }, { a: null }, { a: 1 }, { a: null }],
    [
      'a field as a whole, but for metadata',
      { healthCheck: { timeout: 1, retries: 3 } },
      { healthCheck: { timeout: 2, retries: 3 } },
      { healthCheck: { timeout: 1, retries: 3 } },
      { healthCheck: { timeout: 2, retries: 3 } },
    ],
    [
      'keys of metadata: changed, new, gone',
      { metadata: { kept: [1], changed: 1, gone: true } },
      { metadata: { kept: [1], changed: 2, come: {} } },
      { metadata: { changed: 1, gone: true } },
      { metadata: { changed: 2, come: {} } },
    ],
    [
      'no metadata that stayed',
      { metadata: { a: 1 }, weight: 1 },
      { metadata: { a: 1 }, weight: 2 },
      { weight: 1 },
      { weight: 2 },
    ],
    [
      'names that objects have anyway',
      { metadata: {} },
      { metadata: { constructor: 1 } },
      { metadata: {} },
      { metadata: { constructor: 1 } },
    ],
  ])('keeps %s', (_, before, after, keptBefore, keptAfter) => {
    expect(update(before, after)).toEqual({ before: keptBefore, after: keptAfter });
  });
});

describe.each(['component.register', 'component.remove', 'component.drain'] as const)('%s', (action) => {
  it('keeps all of both sides', () => {
    const registration = { id: 'a', weight: 1, metadata: { version: '1', tags: ['x'] } };
    for (const [before, after] of [
      [registration, registration],
      [null, registration],
      [registration, null],
    ] as const)
      expect(auditedChange(action, before, after)).toEqual({ before, after });
  });

  it('clips what is large', () => {
    const registration = { id: 'a', name: long(2_000), metadata: { note: long(4_000), version: '1' } };
    expect(auditedChange(action, null, registration)).toEqual({
      before: null,
      after: { id: 'a', name: clip(1_872), metadata: { note: clip(3_872), version: '1' } },
    });
  });
});

describe('a value', () => {
  it.each<[string, Json, Json]>([
    ['of 1 KiB is kept', long(1_024), long(1_024)],
    ['beyond it is clipped', long(1_025), clip(897)],
    [
      'that is an array is clipped as its JSON',
      Array.from({ length: 1_000 }, () => 1),
      expect.stringMatching(/^\[1,1,.*… 1873 characters left out$/),
    ],
    [
      'is not cut within a character',
      `${'x'.repeat(126)}${'😀'.repeat(1_000)}`,
      expect.stringMatching(/^"x{126}… 2001 characters left out$/),
    ],
  ])('%s', (_, value, kept) => {
    expect(update({}, { value })).toEqual({ before: {}, after: { value: kept } });
    expect(update({ metadata: { value } }, { metadata: {} })).toEqual({
      before: { metadata: { value: kept } },
      after: { metadata: {} },
    });
  });

  it('takes little room, whatever it is', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string({ maxLength: 8_000 }), (rest, text) => {
        const { after } = auditedChange('component.register', null, { ...(rest as JsonObject), text });
        const values = Object.entries(after as JsonObject).filter(([name]) => name !== 'metadata');
        for (const [, value] of values) expect(JSON.stringify(value).length).toBeLessThanOrEqual(1_024);
      }),
    );
  });
});
