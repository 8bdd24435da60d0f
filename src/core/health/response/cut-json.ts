/**
 * Writes the beginning of a JSON value as JSON text of bounded size and depth.
 *
 * Members stay in their order. The text ends within the first one that does not fit: of a text, its beginning is kept.
 */
import { utf8Length } from '../../bounded-page.ts';

/** Deeper objects and lists become empty, because readers recurse. The depth that metadata may have, too. */
const MAX_DEPTH = 32;

/** `isCut`: the text has less than the value. */
export interface CutJson {
  readonly json: string;
  readonly isCut: boolean;
}

/** `maxBytes`: of UTF-8, at least 4. `mask` replaces what each text, names included, must not show. */
export function cutJson(value: unknown, maxBytes: number, mask: (text: string) => string): CutJson {
  const writer = new BoundedWriter(maxBytes, mask);
  const json = writer.write(value, 0) ?? 'null';
  return { json, isCut: writer.isCut };
}

class BoundedWriter {
  isCut = false;
  private left: number;
  /** Nothing more is written. */
  private isFull = false;
  private readonly mask: (text: string) => string;

  constructor(maxBytes: number, mask: (text: string) => string) {
    this.left = maxBytes;
    this.mask = mask;
  }

  /** The JSON text of as much of `value` as fits; null for nothing. */
  write(value: unknown, depth: number): string | null {
    if (typeof value === 'string') return this.writeText(this.mask(value));
    if (typeof value !== 'object' || value === null) return this.reserve(JSON.stringify(value));
    if (this.reserve('{}') === null) return null;
    const isList = Array.isArray(value);
    const written = this.writeMembers(Object.entries(value), isList, depth);
    return isList ? `[${written}]` : `{${written}}`;
  }

  private writeMembers(members: readonly (readonly [string, unknown])[], isList: boolean, depth: number): string {
    if (depth >= MAX_DEPTH) {
      this.isCut ||= members.length > 0;
      return '';
    }
    let written = '';
    for (const [name, value] of members) {
      const label = isList ? '' : `${JSON.stringify(this.mask(name))}:`;
      const start = this.reserve(written === '' ? label : `,${label}`);
      const text = start === null ? null : this.write(value, depth + 1);
      if (text !== null) written += `${start}${text}`;
      if (this.isFull) break;
    }
    return written;
  }

  private writeText(text: string): string | null {
    // A character takes at least a byte, so what is longer need not be measured.
    const whole = text.length <= this.left ? JSON.stringify(text) : null;
    if (whole !== null && utf8Length(whole) <= this.left) return this.reserve(whole);
    if (this.left < 2) return this.end();
    const beginning = JSON.stringify(beginningOf(text, this.left - 2));
    this.end();
    return beginning;
  }

  /** Takes the room of `text`; null, and the end, if there is not enough. */
  private reserve(text: string): string | null {
    const bytes = utf8Length(text);
    if (bytes > this.left) return this.end();
    this.left -= bytes;
    return text;
  }

  private end(): null {
    this.isCut = true;
    this.isFull = true;
    return null;
  }
}

/** The longest beginning of `text` that takes at most `maxBytes` within a JSON text. */
function beginningOf(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += utf8Length(JSON.stringify(character)) - 2;
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}
