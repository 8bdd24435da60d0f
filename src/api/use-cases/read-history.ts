/** Reads of the history in D1. An invalid cursor becomes 422, an unavailable database 503. */
import type { Context } from 'hono';
import type { PageRequest } from '../../history/page.ts';
import type { AppEnv } from '../http/app-env.ts';
import { decodeListCursor } from '../http/cursor.ts';
import type { ProblemResponse } from '../http/problem.ts';
import { problemResponse } from '../http/problem.ts';
import { logError } from '../../logging/log-error.ts';

type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: ProblemResponse };

/** A read without paging. */
export async function readHistory<T>(c: Context<AppEnv>, read: () => Promise<T>): Promise<Read<T>> {
  try {
    return { ok: true, value: await read() };
  } catch (error) {
    logError('history not read', { error });
    return { ok: false, problem: problemResponse(c, 'history-unavailable', { retryAfterSeconds: 5 }) };
  }
}

/** The page of a list that begins at the cursor. */
export async function readHistoryPage<T>(
  c: Context<AppEnv>,
  page: { readonly limit: number; readonly cursor?: string | undefined },
  read: (request: PageRequest) => Promise<T>,
): Promise<Read<T>> {
  const before = decodeListCursor(page.cursor);
  if (before !== undefined) return readHistory(c, () => read({ limit: page.limit, before }));
  const errors = [{ path: 'cursor', message: 'not a cursor of this list' }];
  return { ok: false, problem: problemResponse(c, 'invalid-request', { errors }) };
}
