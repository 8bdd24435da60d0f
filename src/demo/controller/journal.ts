/**
 * What a controller has been asked to do, one JSON line each, so that no key is acted on twice, whoever was killed
 * in between. `accepted` is on the disk before anybody hears of it; `done` follows when it has been done.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';

export interface Accepted {
  readonly key: string;
  readonly action: string;
  /** Whom it was asked for. */
  readonly id: string;
  /** Epoch ms */
  readonly at: number;
}

interface Line extends Accepted {
  readonly phase: 'accepted' | 'done';
}

const KEPT_MS = 7 * 86_400_000;

export class Journal {
  private readonly file: number | null;
  private readonly lines: Line[] = [];

  /** Goes on with what the file holds; null keeps all in memory. */
  constructor(path: string | null, now = Date.now()) {
    if (path !== null && existsSync(path)) {
      this.lines = readLines(path).filter(({ at, action }) => action === 'scale_up' || at > now - KEPT_MS);
      // Whole or not at all: a kill must not leave half a journal.
      writeFileSync(`${path}.next`, this.lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      renameSync(`${path}.next`, path);
    }
    this.file = path === null ? null : openSync(path, 'a');
  }

  accepted(key: string): Accepted | undefined {
    return this.lines.find((line) => line.phase === 'accepted' && line.key === key);
  }

  /** What was accepted for a component, in order. */
  acceptedFor(id: string, action: string): Accepted[] {
    return this.lines.filter((line) => line.phase === 'accepted' && line.id === id && line.action === action);
  }

  accept(entry: Accepted): void {
    this.write({ ...entry, phase: 'accepted' });
  }

  done(entry: Accepted): void {
    this.write({ ...entry, phase: 'done' });
  }

  /** What was accepted before a kill and not done. */
  owed(): Accepted[] {
    return this.lines.filter(({ phase, key }) => phase === 'accepted' && this.timesDone(key) === 0);
  }

  timesDone(key: string): number {
    return this.lines.filter((line) => line.phase === 'done' && line.key === key).length;
  }

  close(): void {
    if (this.file !== null) closeSync(this.file);
  }

  private write(line: Line): void {
    if (this.file !== null) {
      writeSync(this.file, `${JSON.stringify(line)}\n`);
      fsyncSync(this.file);
    }
    this.lines.push(line);
  }
}

/** A line that a kill cut off was never answered for. */
function readLines(path: string): Line[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((text): Line[] => {
      try {
        return [JSON.parse(text) as Line];
      } catch {
        return [];
      }
    });
}
