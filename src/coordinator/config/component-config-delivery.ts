/**
 * Outbox delivery of component configuration to the registries. A row stays pending until the registry of its type has
 * stored it; the sweep sends it again. Registries are called concurrently, each with a timeout, so that an unavailable
 * one does not delay the others.
 */
import { BackgroundPass } from '../../alarm/background-pass.ts';
import type { ComponentOverrides, ConfigSubscriber } from '../../core/config/component-config.ts';
import type { ComponentDocumentStore, PendingConfig } from './component-document-store.ts';
import { logError } from '../../logging/log-error.ts';

const BATCH = 200;
/** A registry that has not replied within this time counts as failed. */
const SEND_TIMEOUT_MS = 10_000;

export class ComponentConfigDelivery {
  private readonly store: ComponentDocumentStore;
  private readonly subscriberOf: (type: string) => ConfigSubscriber;
  private readonly work = new BackgroundPass(() => this.pass());
  private isScheduled = false;

  constructor(store: ComponentDocumentStore, subscriberOf: (type: string) => ConfigSubscriber) {
    this.store = store;
    this.subscriberOf = subscriberOf;
  }

  /** Notes that the current transaction may have made rows pending. */
  schedule(): void {
    this.isScheduled = true;
  }

  /** Starts a delivery in the background, if one was scheduled and rows are pending. */
  begin(): void {
    if (!this.isScheduled) return;
    this.isScheduled = false;
    if (this.store.pending(0, 1).length > 0) void this.deliver();
  }

  /** Delivers all pending rows and never throws. A call during a delivery adds one more pass. */
  deliver(): Promise<void> {
    return this.work.run();
  }

  /** Sends all pending rows once. Rows that a registry did not store wait for the sweep. */
  private async pass(): Promise<boolean> {
    for (let after = 0; ;) {
      const pending = this.store.pending(after, BATCH);
      const last = pending.at(-1);
      if (!last) return true;
      after = last.revision;
      await Promise.all([...Map.groupBy(pending, ({ type }) => type)].map(([type, items]) => this.send(type, items)));
    }
  }

  private async send(type: string, pending: readonly PendingConfig[]): Promise<void> {
    const updates = pending.map(({ id, revision, overrides }): ComponentOverrides => ({ id, revision, overrides }));
    try {
      await Promise.race([this.subscriberOf(type).configureComponents(updates), rejectAfterTimeout()]);
      this.store.settle(type, updates);
    } catch (error) {
      // The rows stay pending, and the sweep sends them again.
      logError('component configuration not delivered', { type, error });
    }
  }
}

async function rejectAfterTimeout(): Promise<never> {
  await scheduler.wait(SEND_TIMEOUT_MS);
  throw new Error(`no response within ${SEND_TIMEOUT_MS} ms`);
}
