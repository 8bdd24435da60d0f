/** Reads the event log for those who wait for what comes next: holds their calls until something was appended. */
import type { LogPage } from '../../core/event/log-page.ts';
import { HeldCalls } from '../../long-poll/held-calls.ts';
import type { EventQuery } from '../contract/coordinator-api.ts';
import type { EventStore } from './event-store.ts';

export class LogReader {
  private readonly log: EventStore;
  private readonly held = new HeldCalls();

  constructor(log: EventStore) {
    this.log = log;
  }

  async read(query: EventQuery, holdMs: number): Promise<LogPage> {
    // Who is further than the log is told so at once: its storage was set back.
    if (holdMs > 0 && query.after === this.log.span().newest) await this.held.wait(holdMs);
    return this.log.page(query);
  }

  async sequence(known: number | null, holdMs: number): Promise<number> {
    if (holdMs > 0 && known === this.log.span().newest) await this.held.wait(holdMs);
    return this.log.span().newest;
  }

  /** Something was appended. */
  moved(): void {
    this.held.release();
  }
}
