import type { Component } from '../../api/schemas/component.ts';
import type { CoordinatorClient } from '../../client/coordinator-client.ts';

const PAGE_SIZE = 500;
export const MAX_COMPONENTS = 2_000;

/**
 * Fetches pages of components until at least `MAX_COMPONENTS` are loaded, a limit for a readable table. The worst come
 * first, so that none of them is beyond the limit.
 */
export async function fetchComponents(client: CoordinatorClient): Promise<readonly Component[]> {
  const components: Component[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await client.components({ limit: PAGE_SIZE, sort: 'severity', ...(cursor ? { cursor } : {}) });
    components.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor && components.length < MAX_COMPONENTS);
  return components;
}
