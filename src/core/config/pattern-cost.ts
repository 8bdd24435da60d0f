/**
 * What a regular expression may cost at worst on a text of 4 096 characters, in steps: an engine that backtracks may
 * try every way in which the parts of an expression can share a text among them. Nothing that repeats may stand in
 * what repeats, so the ways are the product of those of the parts.
 */

/** Of the longest text there may be: one part of an expression can end at as many places. */
const TEXT = 4_096;
/** So an expression goes over a text 32 times at most. */
const MAX_STEPS = 32 * TEXT;
const MAX_LENGTH = 256;

/** How often an expression that was taken may go over a text. */
export const passesOf = (pattern: string): number => Math.ceil((stepsOf(pattern) ?? MAX_STEPS) / TEXT);

/** Why an expression is not taken; null when it is. */
export function refusePattern(pattern: string): string | null {
  if (pattern.length > MAX_LENGTH) return `at most ${MAX_LENGTH} characters`;
  if (!isExpression(pattern)) return 'not a regular expression';
  if (/\\[1-9k]|\(\?[=!<]/.test(pattern.replaceAll(/\\\\/g, ''))) return 'no references and no looking around';
  const steps = stepsOf(pattern);
  if (steps === null) return 'no group may repeat; write what it holds out, or as one class';
  if (steps > MAX_STEPS)
    return 'it may take too long: begin with ^, and bound what repeats but once, as in {1,20} instead of +';
  return null;
}

function isExpression(pattern: string): boolean {
  try {
    return Boolean(new RegExp(pattern, 'u'));
  } catch {
    // That is the question.
    return false;
  }
}

/** Ways to match; null when a group repeats. */
function stepsOf(pattern: string): number | null {
  let steps = pattern.startsWith('^') && !pattern.includes('|') ? 1 : TEXT;
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    if (char === '|') steps *= 2;
    if (char === '(' || char === '|' || char === '^' || char === '$') continue;
    at = endOfAtom(pattern, at);
    const repeat = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(pattern.slice(at + 1));
    if (!repeat) continue;
    if (char === ')' && repeat[1] !== '?') return null;
    steps *= waysOf(repeat);
    at += repeat[0].length;
  }
  return steps;
}

function waysOf([, sign, least, comma, most]: RegExpExecArray): number {
  if (sign === '?') return 2;
  if (sign !== undefined) return TEXT;
  if (comma === '') return 1;
  return most === '' ? TEXT : Number(most) - Number(least) + 1;
}

/** Where the atom that begins at `at` ends: a class, an escape, or one character. */
function endOfAtom(pattern: string, at: number): number {
  if (pattern[at] === '\\') return /^\\[pPu]\{/.test(pattern.slice(at)) ? pattern.indexOf('}', at) : at + 1;
  if (pattern[at] !== '[') return at;
  let end = at + 1;
  while (end < pattern.length && pattern[end] !== ']') end += pattern[end] === '\\' ? 2 : 1;
  return end;
}
