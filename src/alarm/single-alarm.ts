/**
 * The one alarm of a Durable Object. Each `setAlarm` is a billed write, so the alarm is only ever moved to an earlier
 * time. An alarm that fires too early arms the next one itself.
 */
export class SingleAlarm {
  private readonly storage: DurableObjectStorage;
  private armedFor: number | null = null;

  constructor(storage: DurableObjectStorage) {
    this.storage = storage;
  }

  /** Reads the alarm from the platform, because an alarm may have been lost since memory was written. */
  async read(): Promise<void> {
    this.armedFor = await this.storage.getAlarm();
  }

  /** Notes that the alarm has fired, or may have been lost: the next `arm` sets it. */
  fired(): void {
    this.armedFor = null;
  }

  /**
   * Returns how long ago the alarm should have fired, in ms. `scheduledFor` is the platform's time (epoch ms) for an
   * alarm that this instance did not arm.
   */
  lateBy(now: number, scheduledFor?: number): number {
    return Math.max(0, now - (this.armedFor ?? scheduledFor ?? now));
  }

  /** Moves the alarm to `due` (epoch ms) unless it fires earlier already. Infinity means no alarm is needed. */
  async arm(due: number): Promise<void> {
    if (due === Infinity) return;
    // Work that is overdue already makes the alarm late from now on, not from that time.
    const at = Math.max(due, Date.now());
    // An overdue alarm fires as soon as it can: to set it again would only cost a write.
    if (this.armedFor !== null && this.armedFor <= at) return;
    this.armedFor = at;
    await this.storage.setAlarm(at);
  }
}
