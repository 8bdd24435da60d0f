/** Parsers of stored JSON columns. They throw for text that is no JSON, or JSON of another kind than was stored. */

/** An object, whose fields the writer checked. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the type that the caller's column holds
export function parseObject<T extends object>(text: string): T {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not a JSON object');
  return value as T;
}

/** An array, whose items the writer checked. */
export function parseArray<T>(text: string): T[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value)) throw new Error('not a JSON array');
  return value as T[];
}
