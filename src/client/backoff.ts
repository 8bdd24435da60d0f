/** Exponential backoff with jitter for a reader that retries until its signal aborts. */
import { CoordinatorError } from './coordinator-error.ts';

const INITIAL_MS = 250;
const MAX_MS = 30_000;

export class Backoff {
  #failures = 0;
  readonly #signal: AbortSignal | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  get isAborted(): boolean {
    return this.#signal?.aborted ?? false;
  }

  /** The next failure waits the initial delay again. */
  reset(): void {
    this.#failures = 0;
  }

  /**
   * Waits before the next attempt, at least the error's `retryAfterMs`. Rethrows a 4xx that no retry can change,
   * so all but 408 and 429.
   */
  async waitAfter(error: unknown): Promise<void> {
    if (this.isAborted) return;
    if (error instanceof CoordinatorError && isFinal(error.status)) throw error;
    const ceilingMs = Math.min(MAX_MS, INITIAL_MS * 2 ** this.#failures++);
    const retryAfterMs = error instanceof CoordinatorError ? (error.retryAfterMs ?? 0) : 0;
    // Jitter: readers that lost their connection together must not reconnect together.
    await this.pause(Math.max(retryAfterMs, ceilingMs * (0.5 + Math.random() / 2)));
  }

  /** Resolves after `ms`, or as soon as the signal aborts. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#signal?.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      this.#signal?.addEventListener('abort', finish);
    });
  }
}

const isFinal = (status: number): boolean => status >= 400 && status < 500 && status !== 408 && status !== 429;
