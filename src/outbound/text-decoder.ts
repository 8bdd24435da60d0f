/** The decoder of a text: by its byte order mark, else by the zeros of UTF-16, else by the declared charset. */

const CHARSET = /;\s*charset\s*=\s*"?([\w-]+)"?/i;

/** Returns the decoder for a body that begins with `start`. An unknown charset is read as UTF-8. */
export function decoderFor(contentType: string | null, start: Uint8Array): TextDecoder {
  const [first = -1, second = -1] = start;
  const label = charsetOfStart(first, second) ?? CHARSET.exec(contentType ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(label);
  } catch {
    return new TextDecoder();
  }
}

function charsetOfStart(first: number, second: number): string | null {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (first === 0xef && second === 0xbb) return 'utf-8';
  // Words and JSON begin with ASCII, which has a zero in one of its two bytes.
  if (first > 0 && second === 0) return 'utf-16le';
  return first === 0 && second > 0 ? 'utf-16be' : null;
}
