/**
 * How many readers an isolate lets wait or follow at once, over all and of one key. The platform may end a reader
 * without a word, so one that was not seen to go on for a while is not counted any more.
 */
import type { Reader } from './shared-call.ts';

export interface LimitedReader extends Reader {
  readonly keyId: string;
}

interface Room {
  readonly all: number;
  readonly ofKey: number;
}

/** Longer than a reader may take to take in what it is sent. */
const LOST_MS = 60_000;

export class ConcurrencyLimit {
  private readonly room: Room;
  private readonly readers = new Set<LimitedReader>();

  constructor(room: Room) {
    this.room = room;
  }

  enter(keyId: string, waitUntil: Reader['waitUntil']): LimitedReader | 'too-many-readers' | 'overloaded' {
    const now = Date.now();
    let ofKey = 0;
    for (const reader of this.readers) {
      if (Math.abs(now - reader.seenAt) > LOST_MS) this.readers.delete(reader);
      else if (reader.keyId === keyId) ofKey++;
    }
    if (this.readers.size >= this.room.all) return 'overloaded';
    if (ofKey >= this.room.ofKey) return 'too-many-readers';
    const reader: LimitedReader = { keyId, calls: 0, seenAt: now, waitUntil };
    this.readers.add(reader);
    return reader;
  }

  leave(reader: LimitedReader): void {
    this.readers.delete(reader);
  }
}
