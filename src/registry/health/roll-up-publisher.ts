/**
 * A type's roll-up, pushed to the coordinator within a second of a change. Most changes come with an event, which
 * carries it; this is for those that do not, and for what passes with time alone.
 */
import type { TypeHealth } from '../../core/health/system-health.ts';

interface RollUpPorts {
  readonly view: (now: number) => TypeHealth;
  readonly publish: (health: TypeHealth) => Promise<void>;
  /** Whether something is under way that becomes an issue, or ends as one, with time alone. */
  readonly isPassing: (now: number) => boolean;
}

const SOON_MS = 500;
/** While something passes. */
const LOOK_AGAIN_MS = 1_000;

export class RollUpPublisher {
  private readonly ports: RollUpPorts;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private dueAt = Infinity;
  /** What the coordinator has, as far as known here. */
  private told = '';

  constructor(ports: RollUpPorts) {
    this.ports = ports;
  }

  /** The roll-up, for somebody who takes it to the coordinator. */
  take(now: number): TypeHealth {
    const health = this.ports.view(now);
    this.told = gist(health);
    if (this.ports.isPassing(now)) this.soon(LOOK_AGAIN_MS, now);
    return health;
  }

  /** Something may have changed. */
  soon(waitMs = SOON_MS, now = Date.now()): void {
    if (this.timer !== null && this.dueAt <= now + waitMs) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.dueAt = now + waitMs;
    this.timer = setTimeout(() => void this.push(), waitMs);
  }

  private async push(): Promise<void> {
    this.timer = null;
    const now = Date.now();
    const health = this.ports.view(now);
    if (this.ports.isPassing(now)) this.soon(LOOK_AGAIN_MS, now);
    if (health.type === '' || gist(health) === this.told) return;
    try {
      this.told = gist(health);
      await this.ports.publish(health);
    } catch (error) {
      // The sweep brings it each minute.
      this.told = '';
      console.error(JSON.stringify({ message: 'roll-up not taken', type: health.type, error: String(error) }));
    }
  }
}

/** All of it but what moves with the clock. */
const gist = ({ updatedAt: _at, availability: _percent, ...health }: TypeHealth): string => JSON.stringify(health);
