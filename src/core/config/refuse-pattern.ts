/**
 * Worst-case cost of a regular expression on a text of 4 096 characters, in steps. A backtracking engine may try every
 * way to divide a text among the parts of an expression. Nested repetition is refused, so the number of ways is the
 * product over the parts.
 */

/** Longest text that is matched, characters. An unbounded part of an expression can end at as many positions. */
const MAX_TEXT_LENGTH = 4_096;
/** Limit for one expression: 32 passes over the longest text. */
const MAX_STEPS = 32 * MAX_TEXT_LENGTH;
const MAX_PATTERN_LENGTH = 256;

/** Worst-case number of passes over a text of an accepted expression. */
export const passesOf = (pattern: string): number => Math.ceil((stepsOf(pattern) ?? MAX_STEPS) / MAX_TEXT_LENGTH);

/** The reason to refuse an expression; null if it is accepted. */
export function refusePattern(pattern: string): string | null {
  if (pattern.length > MAX_PATTERN_LENGTH) return `at most ${MAX_PATTERN_LENGTH} characters`;
  if (!isExpression(pattern)) return 'not a regular expression';
  if (/\\[1-9k]|\(\?[=!<]/.test(pattern.replaceAll(/\\\\/g, ''))) return 'no back-references and no lookaround';
  const steps = stepsOf(pattern);
  if (steps === null) return 'no group may repeat; write its content out, or as one character class';
  if (steps > MAX_STEPS)
    return 'it may take too long: begin with ^, and bound what repeats but once, as in {1,20} instead of +';
  return null;
}

function isExpression(pattern: string): boolean {
  try {
    return Boolean(new RegExp(pattern, 'u'));
  } catch {
    return false;
  }
}

/** Worst-case number of steps; null if a group repeats. */
function stepsOf(pattern: string): number | null {
  let steps = pattern.startsWith('^') && !pattern.includes('|') ? 1 : MAX_TEXT_LENGTH;
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    if (char === '|') steps *= 2;
    if (char === '(' || char === '|' || char === '^' || char === '$') continue;
    at = endOfAtom(pattern, at);
    const repeat = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(pattern.slice(at + 1));
    if (!repeat) continue;
    if (char === ')' && repeat[1] !== '?') return null;
    steps *= repetitionChoices(repeat);
    at += repeat[0].length;
  }
  return steps;
}

function repetitionChoices([, sign, least, comma, most]: RegExpExecArray): number {
  if (sign === '?') return 2;
  if (sign !== undefined) return MAX_TEXT_LENGTH;
  if (comma === '') return 1;
  return most === '' ? MAX_TEXT_LENGTH : Number(most) - Number(least) + 1;
}

/** Index of the last character of the atom that begins at `at`: a class, an escape, or one character. */
function endOfAtom(pattern: string, at: number): number {
  if (pattern[at] === '\\') return /^\\[pPu]\{/.test(pattern.slice(at)) ? pattern.indexOf('}', at) : at + 1;
  if (pattern[at] !== '[') return at;
  let end = at + 1;
  while (end < pattern.length && pattern[end] !== ']') end += pattern[end] === '\\' ? 2 : 1;
  return end;
}
