/**
 * The one alarm of an object. Each setting is a billed write, so it is set only for an earlier time: an
 * alarm that comes too early sets the next by itself.
 */
export class AlarmClock {
  private readonly storage: DurableObjectStorage;
  private armedFor: number | null = null;

  constructor(storage: DurableObjectStorage) {
    this.storage = storage;
  }

  /** Believes the platform, not memory: an alarm may have been lost. */
  async read(): Promise<void> {
    this.armedFor = await this.storage.getAlarm();
  }

  /** The alarm has gone off: none is set. */
  fired(): void {
    this.armedFor = null;
  }

  /** How long ago the alarm should have gone off, ms; `setFor` is what the platform says of one that we did not set. */
  lateBy(now: number, setFor?: number): number {
    return Math.max(0, now - (this.armedFor ?? setFor ?? now));
  }

  /** Sets it for `due`, epoch ms, Infinity for not at all. */
  async arm(due: number): Promise<void> {
    if (due === Infinity || (this.armedFor !== null && this.armedFor <= due)) return;
    // What is overdue when it is set is not late.
    this.armedFor = Math.max(due, Date.now());
    await this.storage.setAlarm(this.armedFor);
  }
}
