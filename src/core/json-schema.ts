/**
 * Schemas of arbitrary JSON in bodies and columns. The result of `JSON.parse` is JSON already, so only depth and
 * numbers are checked. Recursion over input of a caller must be bounded. A number beyond the range of a double parses
 * to Infinity and would be written as null.
 */
import * as z from 'zod';
import type { Json } from './json.ts';

const MAX_DEPTH = 32;

/** Any JSON value: in a response, or within `jsonObject`. */
export const JsonValueSchema = z.any() as unknown as z.ZodType<Json>;

/**
 * An object with arbitrary names. `__proto__` is rejected, because zod would drop it silently, and acknowledged data
 * must be kept.
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

/** An object with arbitrary members, nested at most 32 deep and at most `maxLength` characters as JSON. */
export const jsonObject = (maxLength: number) =>
  recordOf(JsonValueSchema)
    // First, because the following checks recurse.
    .refine((object) => isShallow(object, MAX_DEPTH), { error: `nested at most ${MAX_DEPTH} deep`, abort: true })
    .refine(isFinite, 'numbers that a double can hold')
    .refine((object) => JSON.stringify(object).length <= maxLength, `at most ${maxLength} characters of JSON`);

/** An object in a response: checked when it was received. */
export const ResponseObjectSchema = z.record(z.string(), JsonValueSchema);

function isFinite(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).every(isFinite);
  return typeof value !== 'number' || Number.isFinite(value);
}

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => isShallow(inner, depth - 1));
}
