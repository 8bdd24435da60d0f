/**
 * When a component fails, whatever it depends on is in doubt: has it checked at once, so that a root cause is
 * known before those above it have failed often enough to be acted on. A hint: nothing is owed, a lost one
 * costs the time until the next check.
 */
import type { RootCauseReceiver } from '../../core/health/root-cause-update.ts';
import type { DirectoryStore } from './directory-store.ts';

/** Most dependencies, direct or not, that one failure brings into doubt; the nearest. */
const MAX_DOUBTED = 32;
/** A root takes many along, and each of them fails: it is asked once. */
const ASK_EVERY_MS = 1_000;
const MAX_REMEMBERED = 10_000;

export class DependencyRechecks {
  private readonly directory: DirectoryStore;
  private readonly followerOf: (type: string) => RootCauseReceiver;
  private readonly askedAt = new Map<string, number>();

  constructor(directory: DirectoryStore, followerOf: (type: string) => RootCauseReceiver) {
    this.directory = directory;
    this.followerOf = followerOf;
  }

  /** Asks for checks in the background. */
  raise(failed: string, now: number): void {
    const below = this.directory.entriesBelow(failed, MAX_DOUBTED).filter(({ id }) => this.isDue(id, now));
    if (this.askedAt.size > MAX_REMEMBERED) this.askedAt.clear();
    for (const [type, entries] of Map.groupBy(below, (entry) => entry.type)) {
      const ids = entries.map(({ id }) => id);
      for (const id of ids) this.askedAt.set(id, now);
      void this.ask(type, ids);
    }
  }

  private isDue(id: string, now: number): boolean {
    return Math.abs(now - (this.askedAt.get(id) ?? 0)) >= ASK_EVERY_MS;
  }

  private async ask(type: string, ids: readonly string[]): Promise<void> {
    try {
      await this.followerOf(type).checkDoubted(ids);
    } catch (error) {
      // They are checked anyway, a few seconds later.
      console.error(JSON.stringify({ message: 'doubts not raised', type, error: String(error) }));
    }
  }
}
