/** If-Match with strong ETags: a component's ETag is its generation, a document's ETag is its revision. */
import type { Context } from 'hono';

export const etagOf = (component: { readonly generation: number }): string => `"${component.generation}"`;

export const etagOfDocument = (document: { readonly revision: number }): string => `"${document.revision}"`;

/** Whether the caller requires that the resource exists: `If-Match: *`. */
export const mustExist = (c: Context): boolean => c.req.header('if-match')?.trim() === '*';

/** The number in If-Match; null without the header or with `*`, undefined when the ETag is not of this API. */
export function ifMatch(c: Context): number | null | undefined {
  const header = c.req.header('if-match')?.trim();
  if (header === undefined || header === '*') return null;
  const match = /^(?:W\/)?"?(\d{1,15})"?$/.exec(header);
  return match ? Number(match[1]) : undefined;
}
