/**
 * Whether two JSON values are the same data: the order of members makes no difference, and a member that is undefined
 * counts as absent. Every comparison that detects a change of JSON uses it. Costs as much as reading the smaller value.
 */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, at) => isSameJson(item, b[at]))
    );
  const [members, others] = [definedMembers(a), definedMembers(b)];
  return (
    members.length === others.length &&
    members.every(([name, value]) => Object.hasOwn(b, name) && isSameJson(value, (b as Record<string, unknown>)[name]))
  );
}

const definedMembers = (object: object): [string, unknown][] =>
  Object.entries(object).filter(([, value]) => value !== undefined);
