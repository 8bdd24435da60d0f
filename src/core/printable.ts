/**
 * Foreign text made fit to be stored, logged and shown: one line, nothing invisible, nothing that turns
 * the direction of writing round, of bounded length.
 */

/** What every line has in common that may have been written by someone else. */
export const MAX_FOREIGN_CHARACTERS = 256;

/** Runs of whitespace, line breaks and control characters: one space. */
const BREAKS = /[\s\p{Cc}\p{Z}]+/gu;
/** Format and bidi characters, tags, private use, lone surrogates, and what is drawn as nothing. */
const INVISIBLE = /[\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{DI}]/gu;

/** At most `max` UTF-16 units of `text`, printable ones only. */
export function printable(text: string, max = MAX_FOREIGN_CHARACTERS): string {
  // Cut before it is searched, so that the work does not grow with what came in.
  const clean = text
    .slice(0, max * 4)
    .replace(INVISIBLE, '')
    .replace(BREAKS, ' ');
  return clean.slice(0, max).replace(/[\uD800-\uDBFF]$/, '');
}
