/**
 * The body of a health response, collected from its pieces: the beginning as text, and an outline of longer JSON.
 *
 * Invariant: keeps at most `MAX_TEXT` characters and the outline, whatever the length of the body.
 */
import { isKnownName } from './health-fields.ts';
import type { Outline } from './scan-json.ts';
import { JsonScanner } from './scan-json.ts';

/** Characters of a body that are kept. Text is not read beyond them, because its first line decides. */
const MAX_TEXT = 65_536;
const MAX_BYTES = 1_048_576;

export class HealthBody {
  /** Most bytes of a body that are read. */
  readonly maxBytes: number;
  /** The beginning of the body, without leading space. */
  text = '';
  /** JSON that is longer than `text`. */
  private scanner: JsonScanner | null = null;
  /** Why the body cannot be judged; null when it can. */
  fault: string | null = null;
  private isCut = false;

  /** `keepsOutline`: JSON is read beyond `MAX_TEXT`. */
  constructor(keepsOutline = true) {
    this.maxBytes = keepsOutline ? MAX_BYTES : MAX_TEXT;
  }

  /** Reads the next piece. Returns whether the body needs more. */
  push(piece: string): boolean {
    if (this.scanner) {
      this.scanner.push(piece);
      return !this.scanner.outline().hasEnded;
    }
    this.text = this.text === '' ? piece.trimStart() : this.text + piece;
    if (this.text.length <= MAX_TEXT) return true;
    if (this.maxBytes > MAX_TEXT && /^[{[]/.test(this.text)) {
      this.scanner = new JsonScanner(isKnownName);
      this.scanner.push(this.text);
    }
    this.text = this.text.slice(0, MAX_TEXT);
    return this.scanner !== null;
  }

  /** The body is longer than `maxBytes`. */
  onCut(): void {
    this.isCut = true;
  }

  /** The outline of JSON that is no whole document within `text`: too long, malformed, or broken off. */
  outline(): Outline {
    if (this.scanner) return this.scanner.outline();
    const scanner = new JsonScanner(isKnownName);
    scanner.push(this.text);
    return scanner.outline();
  }

  /** Whether `text` is the whole body. */
  get isWhole(): boolean {
    return this.fault === null && !this.isCut && this.text.length < MAX_TEXT;
  }

  /** Whether the end of the body was not read although it may say more: JSON, or nothing but space so far. */
  get isUnread(): boolean {
    return this.isCut && (this.text === '' || (this.scanner !== null && !this.scanner.outline().hasEnded));
  }
}
