/**
 * Free JSON in bodies and columns. What comes out of `JSON.parse` is JSON already, so only its depth is
 * checked, because recursion over what a caller sends must have an end, and its numbers: one beyond a
 * double is read as Infinity and would be written as null.
 */
import * as z from 'zod';
import type { Json } from './json.ts';

const MAX_DEPTH = 32;

const JsonValueSchema = z.any() as unknown as z.ZodType<Json>;

/**
 * An object of free names. `__proto__` is refused: the schema library would drop it without a word, and
 * what is acknowledged must be kept.
 */
export const recordOf = <T extends z.ZodType>(values: T) =>
  z.preprocess(
    (value, context) => {
      if (typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__'))
        context.addIssue({ code: 'unrecognized_keys', keys: ['__proto__'], input: value as Record<string, unknown> });
      return value;
    },
    z.record(z.string().max(128), values),
  );

/** An object with free members, nested at most 32 deep and at most `maxLength` characters as JSON. */
export const jsonObject = (maxLength: number) =>
  recordOf(JsonValueSchema)
    // Whatever comes after it recurses.
    .refine((object) => isShallow(object, MAX_DEPTH), { error: `nested at most ${MAX_DEPTH} deep`, abort: true })
    .refine(isFinite, 'numbers that a double can hold')
    .refine((object) => JSON.stringify(object).length <= maxLength, `at most ${maxLength} characters of JSON`);

/** An object as we answer it: it was checked when it came in. */
export const ResponseObjectSchema = z.record(z.string(), JsonValueSchema);

function isFinite(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).every(isFinite);
  return typeof value !== 'number' || Number.isFinite(value);
}

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => isShallow(inner, depth - 1));
}
