interface PollOptions {
  /** One round; answers how long after its start the next one is due, ms. Must not throw. */
  readonly round: () => Promise<number>;
}

/** Runs rounds one after the other while the tab is visible; returning to the tab starts one at once. */
export function pollVisible({ round }: PollOptions): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  let stopped = false;

  const next = async (): Promise<void> => {
    if (running || stopped || document.hidden) return;
    running = true;
    clearTimeout(timer);
    const startedAt = performance.now();
    const dueMs = await round();
    running = false;
    if (!stopped) timer = setTimeout(() => void next(), Math.max(0, dueMs - (performance.now() - startedAt)));
  };
  const onVisibility = (): void => void next();

  document.addEventListener('visibilitychange', onVisibility);
  void next();
  return () => {
    stopped = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', onVisibility);
  };
}
