/** JSON pointers (RFC 6901): their form, and the value at one. */

/** Matches every JSON pointer. The empty one means the whole document. */
export const JSON_POINTER = /^(\/([^~/]|~[01])*)*$/;

/** The value of `document` at `pointer`; undefined when there is none. */
export function valueAt(document: unknown, pointer: string): unknown {
  const steps = pointer.split('/').slice(1);
  return steps.reduce<unknown>((value, step) => {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null) return undefined;
    // In an array only indexes without a leading zero are valid.
    if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(name)) return undefined;
    return Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
  }, document);
}
