import type { BodySink } from './read-bounded.ts';

/** Collects the beginning of a body as text. */
export class TextSink implements BodySink {
  readonly maxBytes: number;
  text = '';

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  push(text: string): boolean {
    this.text += text;
    return true;
  }

  onCut(): void {
    // The beginning is all that is needed.
  }
}
