/** If-None-Match (RFC 9110 section 13.1.2): a document that the caller already has is not sent again. */
import type { Context } from 'hono';

/** Whether the caller already has the document with that strong ETag. */
export function matchesIfNoneMatch(c: Context, etag: string): boolean {
  const header = c.req.header('if-none-match')?.trim() ?? '';
  return header === '*' || header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/** The 304 response in the OpenAPI document. */
export const NOT_MODIFIED = { description: 'Not modified: the document matches If-None-Match' };
