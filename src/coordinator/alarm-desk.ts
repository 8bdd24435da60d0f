/**
 * The one alarm of the coordinator, for all who need one. Each setting is a billed write, so it is set only for an
 * earlier time; one that goes off asks everybody when they are due next.
 */
export interface AlarmUser {
  /** When something of its own is due, epoch ms; Infinity for not at all. */
  nextAt(now: number): number;
}

export class AlarmDesk {
  private readonly storage: DurableObjectStorage;
  private readonly users: AlarmUser[] = [];
  private armedFor = Infinity;
  /** What is set is not known here: after a start, and once it has gone off. */
  private isKnown = false;

  constructor(storage: DurableObjectStorage) {
    this.storage = storage;
  }

  join(user: AlarmUser): void {
    this.users.push(user);
  }

  /** The alarm has gone off, or may have been lost: the next `arm` asks everybody. */
  forget(): void {
    this.isKnown = false;
  }

  /** Sees to it that the alarm goes off at `due` at the latest. */
  arm(due = Infinity): void {
    const now = Date.now();
    const earliest = this.isKnown ? due : Math.min(due, ...this.users.map((user) => user.nextAt(now)));
    if (this.isKnown && earliest >= this.armedFor) return;
    this.isKnown = true;
    this.armedFor = earliest;
    if (earliest < Infinity) void this.storage.setAlarm(Math.max(earliest, now));
  }
}
