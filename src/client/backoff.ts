/** How long a reader that goes on for ever waits before it tries again, and what ends it. */
import { CoordinatorError } from './coordinator-error.ts';

const FIRST_MS = 250;
const LONGEST_MS = 30_000;

export class Backoff {
  #failures = 0;
  readonly #signal: AbortSignal | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  get isOver(): boolean {
    return this.#signal?.aborted ?? false;
  }

  /** It works. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** Waits as long as is due; throws what another try would not change. */
  async after(error: unknown): Promise<void> {
    if (this.isOver) return;
    if (error instanceof CoordinatorError && isFinal(error.status)) throw error;
    const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#failures++);
    const told = error instanceof CoordinatorError ? (error.retryAfterMs ?? 0) : 0;
    // Of many that were cut off at once not all come back at once.
    await this.pause(Math.max(told, longest * (0.5 + Math.random() / 2)));
  }

  /** Ends early with the signal. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#signal?.addEventListener('abort', end);
    });
  }
}

const isFinal = (status: number): boolean => status >= 400 && status < 500 && status !== 408 && status !== 429;
