/**
 * Recheck requests to registries: when a component fails, its dependencies are checked at once. A root cause is then
 * known before the components above it have failed often enough for a recovery. Requests are best effort and not
 * stored. A lost one costs the time until the next regular check.
 */
import type { RootCauseReceiver } from '../../core/health/root-cause-update.ts';
import type { DirectoryStore } from './directory-store.ts';
import { logError } from '../../logging/log-error.ts';

/** Limit of dependencies rechecked per failure, direct or transitive, nearest first. */
const MAX_RECHECKED = 32;
/** Many components fail with one root cause. Each dependency is rechecked at most once in this time. */
const RECHECK_INTERVAL_MS = 1_000;
const MAX_REMEMBERED = 10_000;

export class DependencyRechecks {
  private readonly directory: DirectoryStore;
  private readonly receiverOf: (type: string) => RootCauseReceiver;
  private readonly requestedAt = new Map<string, number>();

  constructor(directory: DirectoryStore, receiverOf: (type: string) => RootCauseReceiver) {
    this.directory = directory;
    this.receiverOf = receiverOf;
  }

  /** Requests checks of the dependencies of a failed component, in the background. */
  request(failedId: string, now: number): void {
    const below = this.directory.entriesBelow(failedId, MAX_RECHECKED).filter(({ id }) => this.isDue(id, now));
    if (this.requestedAt.size > MAX_REMEMBERED) this.requestedAt.clear();
    for (const [type, entries] of Map.groupBy(below, (entry) => entry.type)) {
      const ids = entries.map(({ id }) => id);
      for (const id of ids) this.requestedAt.set(id, now);
      void this.send(type, ids);
    }
  }

  private isDue(id: string, now: number): boolean {
    return Math.abs(now - (this.requestedAt.get(id) ?? 0)) >= RECHECK_INTERVAL_MS;
  }

  private async send(type: string, ids: readonly string[]): Promise<void> {
    try {
      await this.receiverOf(type).recheckDependencies(ids);
    } catch (error) {
      // The regular check follows a few seconds later.
      logError('dependency rechecks not requested', { type, error });
    }
  }
}
