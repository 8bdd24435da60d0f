interface PollOptions {
  /** One round; answers how long after its start the next one is due, ms. Must not throw. */
  readonly round: () => Promise<number>;
  /** Rounds that are asked for begin at least so long one after the other, ms. */
  readonly apartMs: number;
}

export interface Polling {
  /** Asks for a round as soon as may be. */
  readonly poke: () => void;
  readonly stop: () => void;
}

/** Runs rounds one after the other while the tab is visible; returning to the tab starts one at once. */
export function pollVisible({ round, apartMs }: PollOptions): Polling {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  let stopped = false;
  let isPoked = false;
  let startedAt = -Infinity;

  const plan = (dueMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void next(), Math.max(0, dueMs - (performance.now() - startedAt)));
  };
  const next = async (): Promise<void> => {
    if (running || stopped || document.hidden) return;
    running = true;
    isPoked = false;
    clearTimeout(timer);
    startedAt = performance.now();
    const dueMs = await round();
    running = false;
    // What was asked for during the round may have come too late for it.
    if (!stopped) plan(isPoked ? Math.min(dueMs, apartMs) : dueMs);
  };
  const onVisibility = (): void => void next();

  document.addEventListener('visibilitychange', onVisibility);
  void next();
  return {
    poke: () => {
      isPoked = true;
      if (!running && !stopped) plan(apartMs);
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisibility);
    },
  };
}
