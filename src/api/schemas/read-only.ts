/**
 * Requests that send back what a response contained. Fields that only the coordinator sets are accepted and ignored;
 * fields that cannot be changed are accepted with their present value; any other unknown field is refused.
 */
import * as z from 'zod';

/**
 * The schema of a request that ignores members with these names. A request of nothing else is refused: it wants a
 * change that would not happen.
 */
export const ignoring = <T extends z.ZodType>(names: readonly string[], schema: T) => {
  const ignored: ReadonlySet<string> = new Set(names);
  return z.preprocess((value, context) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const members = Object.entries(value);
    const kept = members.filter(([name]) => !ignored.has(name));
    if (kept.length === 0)
      for (const [name] of members) context.addIssue({ code: 'custom', path: [name], message: 'read-only' });
    return Object.fromEntries(kept);
  }, schema);
};

/** Names that a resource has and its request lacks. */
export const namesOnlyIn = (resource: z.ZodObject, request: z.ZodObject): string[] =>
  Object.keys(resource.shape).filter((name) => !(name in request.shape));

/** Faults of fields that were sent with another value than the present one and cannot be changed. */
export function fixedFieldFaults<T extends object>(
  sent: Partial<T>,
  present: T,
): { readonly path: string; readonly message: string }[] {
  const names = Object.keys(sent) as (keyof T & string)[];
  return names
    .filter((name) => sent[name] !== undefined && JSON.stringify(sent[name]) !== JSON.stringify(present[name]))
    .map((path) => ({ path, message: `cannot be changed: it is ${JSON.stringify(present[path])}` }));
}
