/**
 * Whether work ends well within a time. Never rejects, and leaves no timer behind.
 *
 * The work may be another request's, which the platform tells this one of by a signal. A signal can be lost, and a
 * request that waits for nothing of its own is then ended as hung, so the timer must be able to settle the wait alone:
 * hence a promise of each that belongs to whoever waits, and a race of the two. With one promise that both resolve, the
 * lost resolution would have used it up.
 */
export async function settlesWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const isWell = work.then(
    () => true,
    () => false,
  );
  const tooLate = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.max(0, ms));
  });
  try {
    return await Promise.race([isWell, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
