/** If-Match of a component (its registration's generation) and of a document (its revision), as strong ETags. */
import type { Context } from 'hono';

export const etagOf = (component: { readonly generation: number }): string => `"${component.generation}"`;

export const etagOfDocument = (document: { readonly revision: number }): string => `"${document.revision}"`;

/** Whether the caller asks that there be one at all: `If-Match: *`. */
export const mustExist = (c: Context): boolean => c.req.header('if-match')?.trim() === '*';

/** The number asked for; null without the header or with `*`, undefined when it is not one of our ETags. */
export function ifMatch(c: Context): number | null | undefined {
  const header = c.req.header('if-match')?.trim();
  if (header === undefined || header === '*') return null;
  const match = /^(?:W\/)?"?(\d{1,15})"?$/.exec(header);
  return match ? Number(match[1]) : undefined;
}
