interface PollOptions {
  /** Runs one round and returns the delay from its start to the next one, ms. Must not throw. */
  readonly round: () => Promise<number>;
  /** Minimum interval between the starts of two rounds when one is requested, ms. */
  readonly minIntervalMs: number;
}

export interface Polling {
  /** Runs a round as soon as the minimum interval allows. */
  readonly requestRound: () => void;
  readonly stop: () => void;
}

/** Runs rounds one after the other while the tab is visible. A tab that becomes visible again starts one at once. */
export function pollVisible({ round, minIntervalMs }: PollOptions): Polling {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  let stopped = false;
  let isRequested = false;
  let startedAt = -Infinity;

  const schedule = (delayMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void runRound(), Math.max(0, delayMs - (performance.now() - startedAt)));
  };
  const runRound = async (): Promise<void> => {
    if (running || stopped || document.hidden) return;
    running = true;
    isRequested = false;
    clearTimeout(timer);
    startedAt = performance.now();
    const delayMs = await round();
    running = false;
    // A change during the round may have come too late for its calls, so a requested round still runs.
    if (!stopped) schedule(isRequested ? Math.min(delayMs, minIntervalMs) : delayMs);
  };
  const onVisibility = (): void => void runRound();

  document.addEventListener('visibilitychange', onVisibility);
  void runRound();
  return {
    requestRound: () => {
      isRequested = true;
      if (!running && !stopped) schedule(minIntervalMs);
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisibility);
    },
  };
}
