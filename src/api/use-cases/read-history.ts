/** Reads D1 history for a caller: a bad cursor is the caller's fault, a database that is away is a 503. */
import type { Context } from 'hono';
import type { PageRequest } from '../../history/page.ts';
import type { AppEnv } from '../http/app-env.ts';
import { decodePlace } from '../http/cursor.ts';
import type { ProblemResponse } from '../http/problem.ts';
import { problemResponse } from '../http/problem.ts';

type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: ProblemResponse };

/** One read that needs no page. */
export async function readHistory<T>(c: Context<AppEnv>, read: () => Promise<T>): Promise<Read<T>> {
  try {
    return { ok: true, value: await read() };
  } catch (error) {
    console.error(JSON.stringify({ message: 'history not read', error: String(error) }));
    return { ok: false, problem: problemResponse(c, 'history-unavailable', { retryAfterSeconds: 5 }) };
  }
}

/** One page of a list, from the cursor on. */
export async function readHistoryPage<T>(
  c: Context<AppEnv>,
  page: { readonly limit: number; readonly cursor?: string | undefined },
  read: (request: PageRequest) => Promise<T>,
): Promise<Read<T>> {
  const before = decodePlace(page.cursor);
  if (before !== undefined) return readHistory(c, () => read({ limit: page.limit, before }));
  const errors = [{ path: 'cursor', message: 'not a cursor of this list' }];
  return { ok: false, problem: problemResponse(c, 'invalid-request', { errors }) };
}
