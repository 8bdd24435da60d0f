/** Follows the coordinator's event log and hands each event on, once, with the time we saw it. */
import type { EventResource } from '../api/schemas/events/cloud-event.ts';
import type { CoordinatorClient } from '../client/coordinator-client.ts';

export interface SeenEvent {
  readonly event: EventResource;
  /** Epoch ms. */
  readonly seenAt: number;
}

export class EventWatch {
  readonly #client: CoordinatorClient;
  readonly #listeners = new Set<(seen: SeenEvent) => void>();
  readonly #over = new AbortController();

  constructor(client: CoordinatorClient) {
    this.#client = client;
  }

  /** Passes over what is in the log already, however much that is, then follows. */
  async start(): Promise<void> {
    const { items } = await this.#client.events({ limit: 1 });
    void this.#follow(items.at(-1)?.sequence ?? '0');
  }

  /** The returned function ends it. */
  listen(listener: (seen: SeenEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    this.#over.abort();
  }

  async #follow(after: string): Promise<void> {
    for await (const event of this.#client.watchEvents({ after, signal: this.#over.signal })) {
      // More than the log holds has happened at once: what of it is missing nobody can show.
      if (event.type === 'snapshot-required') continue;
      const seenAt = Date.now();
      for (const listener of this.#listeners) listener({ event, seenAt });
    }
  }
}
