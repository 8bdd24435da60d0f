/**
 * Reads JSON piece by piece and keeps an outline: a few levels, short texts, and a limited number of members.
 * A document of any length thus needs little memory, and one that breaks off is read as far as it goes.
 *
 * Lenient, because health documents are also written by hand: texts in single quotes and without quotes are accepted.
 *
 * Invariant: keeps at most `MAX_MEMBERS` members, each with `MAX_NAME` and `MAX_TEXT` characters, and the members whose
 * names are important.
 */

/** Levels that are kept: a part in a list under a name, with a nested status. */
const MAX_DEPTH = 6;
const MAX_MEMBERS = 10_000;
const MAX_NAME = 64;
const MAX_TEXT = 256;
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
/** Words of JSON, and of Python. */
const LITERALS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['True', true],
  ['False', false],
  ['None', null],
]);

type Container = Record<string, unknown> | unknown[];

interface Frame {
  readonly isList: boolean;
  readonly content: Container;
  name: string | null;
  expectsName: boolean;
}

export interface Outline {
  readonly document: unknown;
  /** The document ended. */
  readonly hasEnded: boolean;
  /** Some members were left out. */
  readonly isPartial: boolean;
}

export class JsonScanner {
  private readonly isImportant: (name: string) => boolean;
  private readonly frames: Frame[] = [];
  private document: unknown;
  private hasEnded = false;
  private isPartial = false;
  private memberCount = 0;
  /** Open levels below `MAX_DEPTH`, of which nothing is kept. */
  private skippedLevels = 0;
  /** The quote that ends the text; a space for a text without quotes; null outside of texts. */
  private quote: string | null = null;
  private isEscaped = false;
  private text = '';

  /** `isImportant`: names whose members are kept although `MAX_MEMBERS` are. */
  constructor(isImportant: (name: string) => boolean) {
    this.isImportant = isImportant;
  }

  /** Reads on. Pieces may be cut anywhere. */
  push(piece: string): void {
    let at = 0;
    while (at < piece.length && !this.hasEnded)
      at = this.quote === null ? this.readOutside(piece, at) : this.readText(piece, at);
  }

  outline(): Outline {
    return { document: this.document, hasEnded: this.hasEnded, isPartial: this.isPartial };
  }

  /** Reads a text up to its end or the end of the piece. Returns where to read on. */
  private readText(piece: string, from: number): number {
    if (this.isEscaped) {
      this.isEscaped = false;
      this.keep(piece.slice(from, from + 1));
      return from + 1;
    }
    const stop = this.quote === ' ' ? /[\s,:{}[\]]/g : this.quote === '"' ? /["\\]/g : /['\\]/g;
    stop.lastIndex = from;
    const end = stop.exec(piece)?.index ?? piece.length;
    this.keep(piece.slice(from, end));
    if (end === piece.length) return end;
    if (piece[end] === '\\') {
      this.isEscaped = true;
      this.keep('\\');
      return end + 1;
    }
    // The character that ends a text without quotes has a meaning of its own.
    const isQuoted = this.quote !== ' ';
    this.endText();
    return isQuoted ? end + 1 : end;
  }

  /** Keeps one character more than `MAX_TEXT`, so that a name that is too long is known. */
  private keep(text: string): void {
    this.text += text.slice(0, Math.max(0, MAX_TEXT + 1 - this.text.length));
  }

  /** Reads one character outside of texts. Returns where to read on. */
  private readOutside(piece: string, at: number): number {
    const character = piece[at]!;
    const frame = this.skippedLevels === 0 ? this.frames.at(-1) : undefined;
    if (character === '{' || character === '[') this.open(character === '[');
    else if (character === '}' || character === ']') this.close();
    else if (character === ',' && frame) frame.expectsName = !frame.isList;
    else if (character === ':' && frame) frame.expectsName = false;
    else if (character === '"' || character === "'") this.quote = character;
    else if (!/[\s,:]/.test(character)) {
      this.quote = ' ';
      return at;
    }
    return at + 1;
  }

  private open(isList: boolean): void {
    const content: Container = isList ? [] : (Object.create(null) as Record<string, unknown>);
    if (this.skippedLevels > 0 || this.frames.length === MAX_DEPTH || !this.add(content)) this.skippedLevels++;
    else this.frames.push({ isList, content, name: null, expectsName: !isList });
  }

  private close(): void {
    if (this.skippedLevels > 0) this.skippedLevels--;
    else this.frames.pop();
    this.hasEnded = this.frames.length === 0;
  }

  private endText(): void {
    const { quote, text } = this;
    this.quote = null;
    this.text = '';
    if (this.skippedLevels > 0) return;
    const frame = this.frames.at(-1);
    if (frame?.expectsName) frame.name = text.length <= MAX_NAME ? unescaped(text) : null;
    else this.add(quote === ' ' ? valueOf(text) : unescaped(text));
  }

  /** Adds a value to the innermost level. Returns whether it is kept. */
  private add(value: unknown): boolean {
    const frame = this.frames.at(-1);
    if (!frame) {
      this.document = value;
      return true;
    }
    const { content, name } = frame;
    frame.name = null;
    if (this.memberCount >= MAX_MEMBERS && (name === null || !this.isImportant(name))) {
      this.isPartial = true;
      return false;
    }
    this.memberCount++;
    if (Array.isArray(content)) content.push(value);
    else if (name !== null) content[name] = value;
    return true;
  }
}

function valueOf(word: string): unknown {
  if (LITERALS.has(word)) return LITERALS.get(word);
  return NUMBER.test(word) ? Number(word) : word;
}

function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  try {
    return JSON.parse(`"${text.replaceAll('"', '\\"').replaceAll('\\\\"', '\\"')}"`) as string;
  } catch {
    // An invalid escape, or one that was cut: the text says what it says.
    return text;
  }
}
