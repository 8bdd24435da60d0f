/**
 * Local cron trigger. wrangler fires no trigger on a local machine, but serves a URL that fires one. Without these
 * ticks, no sweep would run.
 */
const PATH = '/cdn-cgi/local/scheduled?cron=*+*+*+*+*';
const FIRST_TICK_MS = 1_000;
const TICK_EVERY_MS = 60_000;
const TICK_TIMEOUT_MS = 50_000;

/** Ticks until the caller calls the returned function. Calls `onError` for every tick that fails. */
export function startCronTick(url: string, onError: (message: string) => void): () => void {
  const tick = async (): Promise<void> => {
    try {
      const response = await fetch(url + PATH, { signal: AbortSignal.timeout(TICK_TIMEOUT_MS) });
      const body = await response.text();
      if (!response.ok) onError(`cron tick failed: HTTP ${response.status}, ${body.slice(0, 200)}`);
    } catch (error) {
      onError(`cron tick failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const first = setTimeout(() => void tick(), FIRST_TICK_MS);
  const later = setInterval(() => void tick(), TICK_EVERY_MS);
  return () => {
    clearTimeout(first);
    clearInterval(later);
  };
}
