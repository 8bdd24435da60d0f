import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ALLOWED_NAMES } from './allowed-names.ts';
import { beginsWithPronoun, proseOf, retiredName, retiredProse, sentencesOf } from './prose.ts';
import { scanSource } from './scan-source.ts';

const ROOT = join(import.meta.dirname, '../..');
const MAX_PRONOUN_SHARE = 0.03;
const MAX_PROSE_LINE = 120;

const filesIn = (folder: string, pattern: RegExp): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .filter((file) => pattern.test(file) && !file.endsWith('.d.ts'));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const sources = filesIn('src', /\.tsx?$/).map((file) => ({ file, source: read(file), ...proseOf(read(file)) }));

describe('the comments of src', () => {
  const sentences = sources.flatMap((source) => source.sentences);

  it('are there to be read', () => expect(sentences.length).toBeGreaterThan(1_000));

  it(`begin at most ${MAX_PRONOUN_SHARE * 100} % of their sentences with a pronoun`, () => {
    const without = sentences.filter(({ text }) => beginsWithPronoun(text)).map(({ text }) => text);
    expect(without.slice(0, Math.max(0, without.length - sentences.length * MAX_PRONOUN_SHARE))).toEqual([]);
  });

  it('use no retired words', () => {
    const wrong = sources.flatMap((source) =>
      source.sentences.flatMap(({ line, text }) => {
        const word = retiredProse(text);
        return word === null ? [] : [`${source.file}:${line} ${word}: ${text}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  it(`keep to ${MAX_PROSE_LINE} characters a line`, () => {
    expect(sources.flatMap(({ file, longLines }) => longLines.map(({ line }) => `${file}:${line}`))).toEqual([]);
  });
});

describe('the identifiers of src', () => {
  it('use no retired words but those of public JSON and stored rows', () => {
    const wrong = sources.flatMap(({ file, names }) =>
      names
        .filter(({ text }) => retiredName(text) !== null && !ALLOWED_NAMES.has(text))
        .map(({ line, text }) => `${file}:${line} ${text}`),
    );
    expect(Array.from(new Set(wrong))).toEqual([]);
  });

  it('still include every allowed name', () => {
    const used = new Set(sources.flatMap(({ names }) => names.map(({ text }) => text)));
    expect(Array.from(ALLOWED_NAMES.keys()).filter((name) => !used.has(name))).toEqual([]);
  });
});

describe('the pages', () => {
  const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', ...filesIn('docs', /\.md$/)];

  it.each(pages)(`%s keeps its prose to ${MAX_PROSE_LINE} characters a line`, (page) => {
    expect(proseLinesOf(read(page)).filter(({ text }) => text.length > MAX_PROSE_LINE)).toEqual([]);
  });

  it.each(pages)('%s uses no retired words', (page) => {
    const wrong = proseLinesOf(read(page)).filter(({ text }) => retiredProse(withoutCode(text)) !== null);
    expect(wrong).toEqual([]);
  });
});

const withoutCode = (text: string): string => text.replaceAll(/`[^`]*`/g, '');

/** The lines of a page that are prose: no code, no table, no link definition, no HTML. */
function proseLinesOf(page: string): { readonly line: number; readonly text: string }[] {
  let isCode = false;
  return page.split('\n').flatMap((text, index) => {
    if (/^\s*```/.test(text)) {
      isCode = !isCode;
      return [];
    }
    return isCode || /^\s*(?:\||<|\[[^\]]+\]:)/.test(text) ? [] : [{ line: index + 1, text }];
  });
}

describe('sentencesOf', () => {
  it.each([
    ['One. Two.', ['One.', 'Two.']],
    ['Over\ntwo lines. Next.', ['Over two lines.', 'Next.']],
    ['First paragraph\n\nsecond paragraph', ['First paragraph', 'second paragraph']],
    ['List:\n- first\n- second', ['List:', 'first', 'second']],
    ['In 2.5 s, e.g. once.', ['In 2.5 s, e.g. once.']],
    ['@see https://example.com', []],
  ])('splits %j', (comment, sentences) => expect(sentencesOf(comment)).toEqual(sentences));
});

describe('beginsWithPronoun', () => {
  it.each([
    'Who waits is served.',
    'What is due.',
    'It is late.',
    'Those that fail.',
    'One that fails.',
    'Of those, two.',
  ])('finds %j', (sentence) => expect(beginsWithPronoun(sentence)).toBe(true));

  it.each(['The caller waits.', 'Returns null.', 'One lease per slot.', 'Italic text.', 'Whether the lease ended.'])(
    'passes %j',
    (sentence) => expect(beginsWithPronoun(sentence)).toBe(false),
  );
});

describe('retired words', () => {
  it.each(['LeaseDesk', 'roomOf', 'told', 'isDoubted', 'MAX_OWED', 'freeRoom', 'takeTurn'])('are found in %s', (name) =>
    expect(retiredName(name)).not.toBeNull(),
  );

  it.each(['rootCause', 'selfDoubt', 'SELF_DOUBT_KINDS', 'bedroom', 'returned', 'nearest', 'capacity'])(
    'are not found in %s',
    (name) => expect(retiredName(name)).toBeNull(),
  );

  it.each(['Whoever asks.', 'The caller is told.', 'Room is owed.', 'They wait at hand.'])(
    'are found in %j',
    (sentence) => expect(retiredProse(sentence)).not.toBeNull(),
  );
});

describe('scanSource', () => {
  it('keeps comments, strings and code apart', () => {
    const { comments, strings, code } = scanSource(
      [
        '/** A header. */',
        "const url = 'https://example.com'; // not //one",
        'const text = `a ${inner + `b ${deep}`} c`;',
        "const regex = /'[/]\\/*/; const half = whole / 2 / 1;",
      ].join('\n'),
    );
    expect(comments).toEqual([
      { line: 1, text: 'A header.' },
      { line: 2, text: 'not //one' },
    ]);
    expect(strings).toEqual(['https://example.com', 'a ', 'b ', '', ' c']);
    for (const name of ['url', 'inner', 'deep', 'regex', 'half', 'whole']) expect(code).toContain(name);
    for (const text of ['header', 'example', 'not']) expect(code).not.toContain(text);
    expect(code.split('\n')).toHaveLength(4);
  });
});
