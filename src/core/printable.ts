/**
 * Sanitiser of external text for storage, logs and display: one line of bounded length, without invisible characters or
 * bidirectional overrides.
 */

/** Default length limit of external text, in UTF-16 units. */
export const MAX_FOREIGN_CHARACTERS = 256;

/** Runs of whitespace, line breaks and control characters; replaced by one space. */
const BREAKS = /[\s\p{Cc}\p{Z}]+/gu;
/** Format and bidirectional characters, tags, private use, lone surrogates, and characters that render as nothing. */
const INVISIBLE = /[\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{DI}]/gu;

/** Returns at most `max` UTF-16 units of `text`, printable characters only. */
export function printable(text: string, max = MAX_FOREIGN_CHARACTERS): string {
  // Cut before the search, so that the cost does not grow with the input.
  const clean = text
    .slice(0, max * 4)
    .replace(INVISIBLE, '')
    .replace(BREAKS, ' ');
  return clean.slice(0, max).replace(/[\uD800-\uDBFF]$/, '');
}
