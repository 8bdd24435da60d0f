/** Blocking queries on the event log: holds calls until an event is appended. */
import type { LogPage } from '../../core/event/log-page.ts';
import { HeldCalls } from '../../long-poll/held-calls.ts';
import type { EventQuery } from '../contract/coordinator-api.ts';
import type { EventStore } from './event-store.ts';

export class LogReader {
  private readonly log: EventStore;
  private readonly waiters = new HeldCalls();

  constructor(log: EventStore) {
    this.log = log;
  }

  async read(query: EventQuery, holdMs: number): Promise<LogPage> {
    // A caller ahead of the log returns at once: the storage was set back.
    if (holdMs > 0 && query.after === this.log.span().newest) await this.waiters.wait(holdMs);
    return this.log.page(query);
  }

  async sequence(known: number | null, holdMs: number): Promise<number> {
    if (holdMs > 0 && known === this.log.span().newest) await this.waiters.wait(holdMs);
    return this.log.span().newest;
  }

  /** Called for each appended event. */
  onAppended(): void {
    this.waiters.release();
  }
}
