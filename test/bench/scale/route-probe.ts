/** Asks for a route ten times a second, one request after the other, and keeps how long each took. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CoordinatorError } from '../../../src/client/coordinator-error.ts';
import type { CoordinatorClient } from '../../../src/client/coordinator-client.ts';

const PAUSE_MS = 100;

export class RouteProbe {
  readonly #tookMs: number[] = [];
  #running = true;
  readonly #done: Promise<void>;

  constructor(client: CoordinatorClient, type: string) {
    this.#done = this.#run(client, type);
  }

  /** Returns the 99th percentile in ms, as text. */
  async stop(): Promise<string> {
    this.#running = false;
    await this.#done;
    const sorted = this.#tookMs.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.99)]?.toFixed(0) ?? 'none';
  }

  async #run(client: CoordinatorClient, type: string): Promise<void> {
    while (this.#running) {
      const startedAt = performance.now();
      // A refusal is an answer too: no component is left.
      await client.route({ type }).catch((error: unknown) => {
        if (!(error instanceof CoordinatorError)) throw error;
      });
      this.#tookMs.push(performance.now() - startedAt);
      await sleep(PAUSE_MS);
    }
  }
}
