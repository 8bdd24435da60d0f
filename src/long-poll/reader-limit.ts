/**
 * A limit of concurrent readers (blocking queries and streams) in an isolate, in total and per holder: a key, or an
 * account of keys. The platform may end a reader without notice, so a reader that was inactive for a while no longer
 * counts.
 */
import type { Reader } from './shared-call.ts';
import type { WaitUntil } from './single-flight.ts';

export interface LimitedReader extends Reader {
  readonly holderId: string;
}

interface ReaderLimits {
  readonly all: number;
  readonly perHolder: number;
}

/** Exceeds the time that a slow reader may need for one message. */
const LOST_MS = 60_000;

export class ReaderLimit {
  private readonly limits: ReaderLimits;
  private readonly readers = new Set<LimitedReader>();

  constructor(limits: ReaderLimits) {
    this.limits = limits;
  }

  enter(holderId: string, waitUntil: WaitUntil): LimitedReader | 'too-many-readers' | 'overloaded' {
    const now = Date.now();
    let ofHolder = 0;
    for (const reader of this.readers) {
      if (Math.abs(now - reader.seenAt) > LOST_MS) this.readers.delete(reader);
      else if (reader.holderId === holderId) ofHolder++;
    }
    if (this.readers.size >= this.limits.all) return 'overloaded';
    if (ofHolder >= this.limits.perHolder) return 'too-many-readers';
    const reader: LimitedReader = { holderId, calls: 0, seenAt: now, waitUntil };
    this.readers.add(reader);
    return reader;
  }

  leave(reader: LimitedReader): void {
    this.readers.delete(reader);
  }
}
