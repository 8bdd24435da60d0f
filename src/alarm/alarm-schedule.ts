/**
 * The one alarm of an object, shared by several sources of due work. After the alarm fired, the next `arm` asks every
 * source for its next due time. Between two alarms, a source only moves the alarm to an earlier time.
 */
import type { SingleAlarm } from './single-alarm.ts';

export interface AlarmSource {
  /** Epoch ms of this source's next due work; Infinity when it has none. */
  nextAt(now: number): number;
}

export class AlarmSchedule {
  private readonly alarm: SingleAlarm;
  private readonly sources: AlarmSource[] = [];
  /** False after a start and after the alarm fired: the sources have not been asked since. */
  private isUpToDate = false;

  constructor(alarm: SingleAlarm) {
    this.alarm = alarm;
  }

  add(source: AlarmSource): void {
    this.sources.push(source);
  }

  /** Notes that the alarm has fired, or may have been lost: the next `arm` asks every source. */
  fired(): void {
    this.isUpToDate = false;
    this.alarm.fired();
  }

  /** Makes the alarm fire at `due` (epoch ms) at the latest. */
  arm(due = Infinity): void {
    const now = Date.now();
    const earliest = this.isUpToDate ? due : Math.min(due, ...this.sources.map((source) => source.nextAt(now)));
    this.isUpToDate = true;
    void this.alarm.arm(earliest);
  }
}
