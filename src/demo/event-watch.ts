/** Follows the coordinator's event log and hands each event on, once, with the time we saw it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventResource } from '../api/schemas/events/cloud-event.ts';
import type { CoordinatorClient } from '../client/coordinator-client.ts';

const EVERY_MS = 200;
const PAGE = 200;

export interface SeenEvent {
  readonly event: EventResource;
  /** Epoch ms. */
  readonly seenAt: number;
}

export class EventWatch {
  readonly #client: CoordinatorClient;
  readonly #listeners = new Set<(seen: SeenEvent) => void>();
  #after = '0';
  #isStopped = false;

  constructor(client: CoordinatorClient) {
    this.#client = client;
  }

  /** Passes over what is in the log already, then follows. */
  async start(): Promise<void> {
    while (await this.#readPage(() => undefined)) continue;
    void this.#follow();
  }

  /** The returned function ends it. */
  listen(listener: (seen: SeenEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #follow(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#readPage((seen) => {
          for (const listener of this.#listeners) listener(seen);
        });
      } catch {
        // The next round asks for the same events again.
      }
      await sleep(EVERY_MS);
    }
  }

  /** Reads one page; true when there was anything on it. */
  async #readPage(take: (seen: SeenEvent) => void): Promise<boolean> {
    const { items } = await this.#client.events({ after: this.#after, limit: PAGE });
    const seenAt = Date.now();
    for (const event of items) {
      this.#after = event.sequence;
      take({ event, seenAt });
    }
    return items.length > 0;
  }
}
