/**
 * Integers in JSON text that a double cannot hold, such as 1234567890123456789. `JSON.parse` rounds them silently, so
 * the text itself is examined.
 */

/** Every integer of 15 digits is exact. The search costs little, and most texts contain no longer one. */
const LONG_INTEGER = /\d{16}/;
const INTEGER = /^-?\d+$/;

/** Stands in a parsed document in place of an integer that would be rounded. */
const INEXACT = Symbol('inexact');

/** The paths of all integers that would be rounded, as in `errors[].path`; none when `text` is not JSON. */
export function inexactNumbers(text: string): string[] {
  if (!LONG_INTEGER.test(text)) return [];
  try {
    return pathsOf(JSON.parse(text, markInexact), '');
  } catch {
    // The validator reports malformed JSON.
    return [];
  }
}

/** Reviver with access to the source text (ES2026). */
function markInexact(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  const { source } = context ?? {};
  if (typeof value !== 'number' || source === undefined || !INTEGER.test(source)) return value;
  return Number.isFinite(value) && BigInt(source) !== BigInt(value) ? INEXACT : value;
}

function pathsOf(value: unknown, path: string): string[] {
  if (value === INEXACT) return [path];
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => pathsOf(item, `${path}[${index}]`));
  return Object.entries(value).flatMap(([name, inner]) => pathsOf(inner, path === '' ? name : `${path}.${name}`));
}
