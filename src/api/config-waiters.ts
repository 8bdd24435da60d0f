/**
 * Who waits in this isolate for another revision of its configuration. They are no work meanwhile, but each of them is
 * held and asks again and again, so there is room for so many only, and for no key alone all of it.
 */
const MAX_ALL = 1_000;
const MAX_OF_KEY = 200;

const byKey = new Map<string, number>();
let all = 0;

/** Does the work of one who waits, or nothing (`full`) when there is no room. */
export async function asWaiter<T>(keyId: string, work: () => Promise<T>): Promise<T | 'full'> {
  const ofKey = byKey.get(keyId) ?? 0;
  if (all >= MAX_ALL || ofKey >= MAX_OF_KEY) return 'full';
  all++;
  byKey.set(keyId, ofKey + 1);
  try {
    return await work();
  } finally {
    all--;
    const left = (byKey.get(keyId) ?? 1) - 1;
    if (left > 0) byKey.set(keyId, left);
    else byKey.delete(keyId);
  }
}
