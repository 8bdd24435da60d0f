/** Reader of the coordinator's event log that passes each event to its listeners once, with the time of arrival. */
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
  readonly #controller = new AbortController();

  constructor(client: CoordinatorClient) {
    this.#client = client;
  }

  /** Starts after the newest event in the log. */
  async start(): Promise<void> {
    const { items } = await this.#client.events({ limit: 1 });
    void this.#follow(items.at(-1)?.sequence ?? '0');
  }

  /** Adds a listener; the returned function removes it. */
  listen(listener: (seen: SeenEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    this.#controller.abort();
  }

  async #follow(after: string): Promise<void> {
    for await (const event of this.#client.watchEvents({ after, signal: this.#controller.signal })) {
      // The log no longer holds the missed events. The demo cannot show them.
      if (event.type === 'snapshot-required') continue;
      const seenAt = Date.now();
      for (const listener of this.#listeners) listener({ event, seenAt });
    }
  }
}
