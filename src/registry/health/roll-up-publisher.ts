/**
 * Pushes a type's roll-up to the coordinator within half a second of a change. Most changes come with an event, and
 * the event carries the roll-up. The publisher covers changes without an event, and issues that begin or end with time
 * alone.
 */
import type { TypeHealth } from '../../core/health/system-health.ts';
import { logError } from '../../logging/log-error.ts';

interface RollUpPublisherDeps {
  readonly view: (now: number) => TypeHealth;
  readonly publish: (health: TypeHealth) => Promise<void>;
  /** True while an issue may begin or end with time alone. */
  readonly changesWithTime: (now: number) => boolean;
}

const PUBLISH_WITHIN_MS = 500;
/** Pause between rechecks while `changesWithTime` returns true. */
const RECHECK_MS = 1_000;

export class RollUpPublisher {
  private readonly deps: RollUpPublisherDeps;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private dueAt = Infinity;
  /** The comparable form of the roll-up that the coordinator has, as far as this object knows. */
  private published = '';

  constructor(deps: RollUpPublisherDeps) {
    this.deps = deps;
  }

  /** Returns the roll-up for a caller that sends it to the coordinator, and counts it as published. */
  current(now: number): TypeHealth {
    const health = this.deps.view(now);
    this.published = comparable(health);
    if (this.deps.changesWithTime(now)) this.schedule(RECHECK_MS, now);
    return health;
  }

  /** Schedules a push, because the roll-up may have changed. */
  schedule(waitMs = PUBLISH_WITHIN_MS, now = Date.now()): void {
    if (this.timer !== null && this.dueAt <= now + waitMs) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.dueAt = now + waitMs;
    this.timer = setTimeout(() => void this.publishIfChanged(), waitMs);
  }

  private async publishIfChanged(): Promise<void> {
    this.timer = null;
    const now = Date.now();
    const health = this.deps.view(now);
    if (this.deps.changesWithTime(now)) this.schedule(RECHECK_MS, now);
    if (health.type === '' || comparable(health) === this.published) return;
    try {
      this.published = comparable(health);
      await this.deps.publish(health);
    } catch (error) {
      // The sweep publishes the roll-up every minute.
      this.published = '';
      logError('roll-up not published', { type: health.type, error });
    }
  }
}

/** Serializes all fields but those that move with the clock. */
const comparable = ({ updatedAt: _at, availability: _percent, ...health }: TypeHealth): string =>
  JSON.stringify(health);
