/**
 * Tells the registries what is set for single components. Owed until a registry has it: what one does not take the
 * sweep tells again; the others do not wait for it.
 */
import type { ComponentOverrides, ConfigFollower } from '../../core/config/component-config.ts';
import type { ComponentConfigStore, PendingConfig } from './component-config-store.ts';

const BATCH = 200;
/** One that does not answer by then has not taken it: the others are not to wait for it. */
const TAKE_WITHIN_MS = 10_000;

export class ConfigDelivery {
  private readonly store: ComponentConfigStore;
  private readonly followerOf: (type: string) => ConfigFollower;
  private running: Promise<void> | null = null;
  private again = false;
  private stirred = false;

  constructor(store: ComponentConfigStore, followerOf: (type: string) => ConfigFollower) {
    this.store = store;
    this.followerOf = followerOf;
  }

  /** Something may be owed once the transaction under way is stored. */
  stir(): void {
    this.stirred = true;
  }

  /** Delivers behind the call that made it owed. */
  begin(): void {
    if (!this.stirred) return;
    this.stirred = false;
    if (this.store.owed(0, 1).length > 0) void this.deliver();
  }

  /** Delivers all there is; never throws. A call during a delivery is folded into one more round. */
  deliver(): Promise<void> {
    this.again = true;
    this.running ??= this.drain().finally(() => (this.running = null));
    return this.running;
  }

  private async drain(): Promise<void> {
    while (this.again) {
      this.again = false;
      for (let after = 0; ;) {
        const owed = this.store.owed(after, BATCH);
        const last = owed.at(-1);
        if (!last) break;
        after = last.revision;
        await Promise.all([...Map.groupBy(owed, ({ type }) => type)].map(([type, items]) => this.tell(type, items)));
      }
    }
  }

  private async tell(type: string, owed: readonly PendingConfig[]): Promise<void> {
    const told = owed.map(({ id, revision, overrides }): ComponentOverrides => ({ id, revision, overrides }));
    try {
      await Promise.race([this.followerOf(type).configureComponents(told), tooLate()]);
      this.store.settle(type, told);
    } catch (error) {
      // It stays owed: the sweep comes back for it.
      console.error(JSON.stringify({ message: 'configuration of components not taken', type, error: String(error) }));
    }
  }
}

async function tooLate(): Promise<never> {
  await scheduler.wait(TAKE_WITHIN_MS);
  throw new Error(`no answer within ${TAKE_WITHIN_MS} ms`);
}
