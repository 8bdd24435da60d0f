import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditedChange } from '../../../src/core/access/audited-change.ts';
import type { Json, JsonObject } from '../../../src/core/json.ts';

const update = (before: JsonObject, after: JsonObject) => auditedChange('component.update', before, after);
/** Text whose JSON has that many characters. */
const long = (characters: number): string => 'x'.repeat(characters - 2);
const clip = (leftOut: number) => expect.stringMatching(new RegExp(`^"x{127}… ${leftOut} characters left out$`));

describe('auditedChange of an update', () => {
  it.each<[string, JsonObject, JsonObject, JsonObject, JsonObject]>([
    ['nothing', { id: 'a', weight: 1 }, { id: 'a', weight: 1 }, {}, {}],
    ['one field', { id: 'a', weight: 1 }, { id: 'a', weight: 2 }, { weight: 1 }, { weight: 2 }],
    ['an added field', { id: 'a' }, { id: 'a', heartbeat: { ttl: 1 } }, {}, { heartbeat: { ttl: 1 } }],
    ['a removed field', { id: 'a', control: { endpoint: '/c' } }, { id: 'a' }, { control: { endpoint: '/c' } }, {}],
    ['a field set to null', { a: 1 }, { a: null }, { a: 1 }, { a: null }],
    [
      'a whole field, except in metadata',
      { healthCheck: { timeout: 1, retries: 3 } },
      { healthCheck: { timeout: 2, retries: 3 } },
      { healthCheck: { timeout: 1, retries: 3 } },
      { healthCheck: { timeout: 2, retries: 3 } },
    ],
    [
      'changed, added and removed metadata keys',
      { metadata: { kept: [1], changed: 1, gone: true } },
      { metadata: { kept: [1], changed: 2, come: {} } },
      { metadata: { changed: 1, gone: true } },
      { metadata: { changed: 2, come: {} } },
    ],
    [
      'no unchanged metadata',
      { metadata: { a: 1 }, weight: 1 },
      { metadata: { a: 1 }, weight: 2 },
      { weight: 1 },
      { weight: 2 },
    ],
    [
      'names of built-in object properties',
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
  it('keeps both sides in full', () => {
    const registration = { id: 'a', weight: 1, metadata: { version: '1', tags: ['x'] } };
    for (const [before, after] of [
      [registration, registration],
      [null, registration],
      [registration, null],
    ] as const)
      expect(auditedChange(action, before, after)).toEqual({ before, after });
  });

  it('clips large values', () => {
    const registration = { id: 'a', name: long(2_000), metadata: { note: long(4_000), version: '1' } };
    expect(auditedChange(action, null, registration)).toEqual({
      before: null,
      after: { id: 'a', name: clip(1_872), metadata: { note: clip(3_872), version: '1' } },
    });
  });
});

describe('an audited value', () => {
  it.each<[string, Json, Json]>([
    ['of 1 KiB is kept', long(1_024), long(1_024)],
    ['of more than 1 KiB is clipped', long(1_025), clip(897)],
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

  it('is at most 1 KiB, whatever the input', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string({ maxLength: 8_000 }), (rest, text) => {
        const { after } = auditedChange('component.register', null, { ...(rest as JsonObject), text });
        const values = Object.entries(after as JsonObject).filter(([name]) => name !== 'metadata');
        for (const [, value] of values) expect(JSON.stringify(value).length).toBeLessThanOrEqual(1_024);
      }),
    );
  });
});
