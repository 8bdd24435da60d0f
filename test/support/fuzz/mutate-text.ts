/** Mutations of a body's text. The result is the same JSON, other JSON, or invalid. */
import * as fc from 'fast-check';

type Body = string | Uint8Array<ArrayBuffer>;

export interface TextMutation {
  readonly name: string;
  /** A position in the text, in thousandths. */
  readonly place: number;
  readonly apply: (text: string, at: number) => Body;
}

const encoder = new TextEncoder();
const LIMIT_BYTES = 65_536;

/** Replaces the first number. */
const number =
  (written: string) =>
  (text: string): string =>
    text.replace(/(?<=[:[])-?\d[\d.eE+-]*/, written);

const insert =
  (inserted: string) =>
  (text: string, at: number): string =>
    text.slice(0, at) + inserted + text.slice(at);

/** A duplicate member; the later one counts. */
const before =
  (member: string) =>
  (text: string): string =>
    text.replace(/^\{(?=")/, `{${member},`);

const padTo =
  (bytes: number) =>
  (text: string): string =>
    text + ' '.repeat(Math.max(0, bytes - encoder.encode(text).length));

const nest = (depth: number, open: string, close: string) => (): string =>
  open.repeat(depth) + '1' + close.repeat(depth);

function utf16(text: string): Uint8Array<ArrayBuffer> {
  const units = Uint16Array.from(text, (unit) => unit.charCodeAt(0));
  return new Uint8Array(units.buffer);
}

function invalidUtf8(text: string, at: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...encoder.encode(text.slice(0, at)), 0xc0, 0xff, ...encoder.encode(text.slice(at))]);
}

type Change = TextMutation['apply'];

/** Mutations that keep the JSON value. */
const HARMLESS: Readonly<Record<string, Change>> = {
  'white space around': (text) => ` \t\r\n${text}\n\n`,
  indented: (text) => JSON.stringify(JSON.parse(text), null, '\t'),
  'padded to the limit': padTo(LIMIT_BYTES),
  'names escaped': (text) =>
    text.replaceAll('"id"', String.raw`"\u0069d"`).replaceAll('"name"', String.raw`"n\u0061me"`),
  'slashes escaped': (text) => text.replaceAll('/', String.raw`\/`),
  'id twice': before('"id":"someone-else"'),
  'name twice': before('"name":7'),
};

const HARMFUL: Readonly<Record<string, Change>> = {
  'byte order mark': (text) => `\ufeff${text}`,
  '__proto__ first': before('"__proto__":{"id":"polluted","isAdmin":true}'),
  'metadata twice': before('"metadata":{"first":true}'),
  'trailing text': (text) => `${text}garbage`,
  'trailing bracket': (text) => `${text}}`,
  'second document': (text) => `${text}\n${text}`,
  'trailing NUL': (text) => `${text}\u0000`,
  cut: (text, at) => text.slice(0, at),
  'hole of one': (text, at) => text.slice(0, at) + text.slice(at + 1),
  'raw NUL': insert('\u0000'),
  'raw control': insert('\u0001'),
  comma: insert(','),
  quote: insert('"'),
  'open string': insert('\\'),
  comment: insert('/* x */'),
  'lone surrogate': insert(String.raw`\ud800`),
  'number NaN': number('NaN'),
  'number Infinity': number('-Infinity'),
  'number 1e400': number('1e400'),
  'number -0': number('-0'),
  'number 0x10': number('0x10'),
  'number 01': number('01'),
  'number 1.0': number('1.0'),
  'number 1E5': number('1E5'),
  'number beyond 2^53': number('9007199254740993'),
  'number of many digits': number('1'.repeat(400)),
  'single quotes': (text) => text.replaceAll('"', "'"),
  'one byte too many': padTo(LIMIT_BYTES + 1),
  'far too long': padTo(300_000),
  empty: () => '',
  null: () => 'null',
  array: (text) => `[${text}]`,
  string: (text) => JSON.stringify(text),
  'deep arrays': nest(10_000, '[', ']'),
  'deep objects': nest(10_000, '{"a":', '}'),
  'deep and open': nest(30_000, '[', ''),
  'UTF-16': utf16,
  'invalid UTF-8': invalidUtf8,
};

const oneOf = (changes: Readonly<Record<string, Change>>): fc.Arbitrary<TextMutation> =>
  fc
    .tuple(fc.constantFrom(...Object.entries(changes)), fc.nat(999))
    .map(([[name, apply], place]) => ({ name, place, apply }));

export const harmlessText: fc.Arbitrary<TextMutation> = oneOf(HARMLESS);
export const harmfulText: fc.Arbitrary<TextMutation> = oneOf(HARMFUL);

export function mutateText(text: string, { place, apply }: TextMutation): Body {
  const changed = apply(text, Math.floor((text.length * place) / 1_000));
  // Half a surrogate pair cannot be sent as UTF-8.
  return typeof changed === 'string' ? changed.toWellFormed() : changed;
}
