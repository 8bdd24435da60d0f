/**
 * Maps items by an asynchronous function, at most `limit` at a time and in their order. Returns the results in the
 * order of the items. Rejects with the first error, and then starts no further item.
 */
export async function mapConcurrently<T, U>(
  limit: number,
  items: readonly T[],
  map: (item: T) => Promise<U>,
): Promise<U[]> {
  const results: U[] = [];
  const entries = items.entries();
  let hasFailed = false;
  const work = async (): Promise<void> => {
    for (const [at, item] of entries) {
      if (hasFailed) return;
      results[at] = await map(item);
    }
  };
  const guarded = (): Promise<void> =>
    work().catch((error: unknown) => {
      hasFailed = true;
      throw error;
    });
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, guarded));
  return results;
}
