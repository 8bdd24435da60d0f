/**
 * Conditions of changes (RFC 9110 section 13.1), with ETags that are versions: a component's ETag is its generation, a
 * document's ETag is its revision.
 */
import type { Context } from 'hono';
import type { VersionCondition } from '../../core/version-condition.ts';
import type { ProblemResponse } from './problem.ts';
import { problemResponse } from './problem.ts';

export const etagOf = (component: { readonly generation: number }): string => `"${component.generation}"`;

export const etagOfDocument = (document: { readonly revision: number }): string => `"${document.revision}"`;

const ETAG = /^(?:W\/)?"?(\d{1,15})"?$/;

/** The condition in If-Match or If-None-Match; undefined if it is none that this API can evaluate. */
export function versionCondition(c: Context): VersionCondition | undefined {
  const ifMatch = c.req.header('if-match')?.trim();
  const ifNoneMatch = c.req.header('if-none-match')?.trim();
  if (ifNoneMatch !== undefined) return ifNoneMatch === '*' && ifMatch === undefined ? 'absent' : undefined;
  if (ifMatch === undefined) return null;
  if (ifMatch === '*') return 'present';
  const match = ETAG.exec(ifMatch);
  return match ? Number(match[1]) : undefined;
}

/** 422 for a condition that `versionCondition` cannot evaluate. */
export const invalidCondition = (c: Context): ProblemResponse =>
  problemResponse(c, 'precondition-invalid', {
    detail: 'If-Match takes one ETag of this resource or *. On a change, If-None-Match takes only *, without If-Match',
  });
