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

  /** Sets it for `due`, epoch ms, Infinity for not at all. */
  async arm(due: number): Promise<void> {
    if (due === Infinity || (this.armedFor !== null && this.armedFor <= due)) return;
    this.armedFor = due;
    await this.storage.setAlarm(due);
  }
}
