/** Ids of a list over all pages, in order. */
import { expect } from 'vitest';
import { call } from './coordinator-http.ts';

const MAX_PAGES = 100;

export async function listIds(filter = '', limit = 500): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const from: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { status, body } = await call(
      'GET',
      `/v1/components?limit=${limit}${filter === '' ? '' : `&${filter}`}${from}`,
    );
    expect(status).toBe(200);
    expect(body.items.length).toBeLessThanOrEqual(limit);
    for (const item of body.items as { id: string }[]) ids.push(item.id);
    cursor = body.nextCursor;
    if (cursor === null) return ids;
  }
  throw new Error(`the list does not end after ${MAX_PAGES} pages`);
}
