/** If-None-Match of a document (RFC 9110 §13.1.2): who has it already is not sent it again. */
import type { Context } from 'hono';

/** Whether the caller has what a strong ETag stands for. */
export function matchesIfNoneMatch(c: Context, etag: string): boolean {
  const header = c.req.header('if-none-match')?.trim() ?? '';
  return header === '*' || header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/** The answer to who has, as the contract says it. */
export const NOT_MODIFIED = { description: 'The document is the one of If-None-Match' };
