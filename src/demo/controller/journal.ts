/**
 * The controller's journal of actions, one JSON line each, so that a restart never runs a key twice.
 *
 * Invariant: `accepted` is on disk before the caller gets a response. `done` follows after the action.
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

export interface AcceptedAction {
  readonly key: string;
  readonly action: string;
  /** The component that the call names. */
  readonly id: string;
  /** Epoch ms */
  readonly at: number;
}

interface Line extends AcceptedAction {
  readonly phase: 'accepted' | 'done';
}

const RETENTION_MS = 7 * 86_400_000;

export class Journal {
  private readonly file: number | null;
  private readonly lines: Line[] = [];

  /** Loads and compacts the file at `path`; null keeps the journal in memory. */
  constructor(path: string | null, now = Date.now()) {
    if (path !== null && existsSync(path)) {
      this.lines = readLines(path).filter(({ at, action }) => action === 'scale_up' || at > now - RETENTION_MS);
      // Atomic replacement: a kill must not leave half a journal.
      writeFileSync(`${path}.next`, this.lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      renameSync(`${path}.next`, path);
    }
    this.file = path === null ? null : openSync(path, 'a');
  }

  accepted(key: string): AcceptedAction | undefined {
    return this.lines.find((line) => line.phase === 'accepted' && line.key === key);
  }

  /** Actions accepted for a component, in order. */
  acceptedFor(id: string, action: string): AcceptedAction[] {
    return this.lines.filter((line) => line.phase === 'accepted' && line.id === id && line.action === action);
  }

  accept(entry: AcceptedAction): void {
    this.write({ ...entry, phase: 'accepted' });
  }

  done(entry: AcceptedAction): void {
    this.write({ ...entry, phase: 'done' });
  }

  /** Actions that were accepted but are not done, such as those before a kill. */
  pending(): AcceptedAction[] {
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

/** Skips a line that a kill cut off: its caller never got a response. */
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
