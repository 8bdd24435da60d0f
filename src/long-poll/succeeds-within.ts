/**
 * Resolves to whether `work` succeeds within `ms`. Never rejects, and leaves no timer behind.
 *
 * The work may belong to another request; the platform then signals its end to this request. The signal can be lost,
 * and the platform ends a request as hung that waits for nothing of its own. The timer must therefore be able to settle
 * the wait alone, by a promise of its own in a race. A single promise resolved by both would be used up by the lost
 * signal.
 */
export async function succeedsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const success = work.then(
    () => true,
    () => false,
  );
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.max(0, ms));
  });
  try {
    return await Promise.race([success, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
