import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HealthBody } from '../../../../src/core/health/response/health-body.ts';
import { readHealthResponse } from '../../../../src/core/health/response/read-response.ts';
import { JsonScanner } from '../../../../src/core/health/response/scan-json.ts';

const outlineOf = (pieces: readonly string[]) => {
  const scanner = new JsonScanner((name) => name === 'status');
  for (const piece of pieces) scanner.push(piece);
  return scanner.outline();
};

/** Cuts the text at the given places. */
const piecesOf = (text: string, cuts: readonly number[]): string[] => {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b), text.length];
  return places.slice(1).map((place, index) => text.slice(places[index], place));
};

const shallow = fc.dictionary(fc.string({ maxLength: 20 }), fc.jsonValue({ maxDepth: 2, stringUnit: 'binary' }));

describe('the outline of a JSON document', () => {
  it('equals the document, if that is short and shallow, wherever its pieces are cut', () => {
    fc.assert(
      fc.property(shallow, fc.array(fc.nat(), { maxLength: 9 }), (document, cuts) => {
        const text = JSON.stringify(document, null, cuts.length % 3);
        const outline = outlineOf(piecesOf(text, cuts));
        expect(outline).toMatchObject({ hasEnded: true, isPartial: false });
        expect(JSON.stringify(outline.document)).toEqual(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it('reads any text without a throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('{', '[', "{'a':"), (text, start) => {
        outlineOf([start, text]);
      }),
    );
  });

  it('keeps a known member behind any number of others', () => {
    const many = Array.from({ length: 30_000 }, (_, index) => `"m${index}":{"value":${index}}`);
    const outline = outlineOf([`{${many.join()}`, ',"status":{"status":"fail"}}']);
    expect(outline).toMatchObject({ hasEnded: true, isPartial: true, document: { status: { status: 'fail' } } });
    expect(Object.keys(outline.document as object).length).toBeLessThan(6_000);
  });

  it('keeps little of a deep nest and of long texts', () => {
    const nest = outlineOf([`{"a":${'['.repeat(1_000_000)}`]);
    expect(JSON.stringify(nest.document).length).toBeLessThan(50);
    const long = outlineOf([`{"${'n'.repeat(100_000)}":1,"a":"${'x'.repeat(500_000)}"}`]);
    expect(JSON.stringify(long.document).length).toBeLessThan(300);
  });
});

const verdictOf = (text: string, isCut = false) => {
  const body = new HealthBody();
  // As pieces of 16 KiB, as they arrive.
  for (let at = 0; at < text.length && body.push(text.slice(at, at + 16_384)); at += 16_384);
  if (isCut) body.onCut();
  const reading = readHealthResponse(200, body);
  return reading.kind === 'passed' ? [reading.status, reading.details] : ['failed', reading.details];
};

describe('a body beyond 64 KiB', () => {
  const members = Array.from({ length: 8_000 }, (_, index) => `"metric-${index}":{"value":${index}}`).join();
  it.each([
    ['says fail at its end', `{${members},"status":"fail"}`, ['failed', 'fail']],
    ['says ok at its end', `{${members},"status":"ok"}`, ['healthy', 'ok']],
    ['has more members than are kept, and says nothing', `{${members}}`, ['degraded', 'body not read whole']],
    ['has parts at its end', `{${members},"checks":{"db":{"status":"down"}}}`, ['failed', 'down']],
    ['is text', `DOWN\n${members}`, ['failed', 'DOWN']],
    ['is a page', `<html>${members}`, ['healthy', null]],
  ])('%s', (_, text, verdict) => expect(verdictOf(text)).toEqual(verdict));

  it.each([
    ['healthy so far', `{"status":"ok",${members}`, ['degraded', 'body not read whole']],
    ['failed so far', `{"status":"fail",${members}`, ['failed', 'fail']],
    ['degraded so far', `{"status":"warn",${members}`, ['degraded', 'warn']],
    ['only space', ' '.repeat(1_000_000), ['degraded', 'body not read whole']],
    ['text', `ok\n${members}`, ['healthy', 'ok']],
  ])('that does not end within 1 MiB, %s', (_, text, verdict) => expect(verdictOf(text, true)).toEqual(verdict));
});
