/**
 * Ticks the cron: wrangler never fires a trigger by itself on a local machine, it only serves a URL that
 * does. Without the tick nothing would be swept here.
 */
const PATH = '/cdn-cgi/local/scheduled?cron=*+*+*+*+*';
const FIRST_TICK_MS = 1_000;
const TICK_EVERY_MS = 60_000;
const TICK_TIMEOUT_MS = 50_000;

/** Ticks until the returned function is called; `onError` hears of every tick that was not taken. */
export function startCronTick(url: string, onError: (message: string) => void): () => void {
  const tick = async (): Promise<void> => {
    try {
      const response = await fetch(url + PATH, { signal: AbortSignal.timeout(TICK_TIMEOUT_MS) });
      const body = await response.text();
      if (!response.ok) onError(`cron tick answered ${response.status}: ${body.slice(0, 200)}`);
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
