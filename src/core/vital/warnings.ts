/**
 * Warnings of a vital message: a sign of life, an outcome, a failure or a renewal.
 *
 * A vital message is strict about what it is about, and tolerant about figures and texts beside it. What a reader
 * clamps, cuts or ignores becomes a warning, because a refusal would lose the message itself.
 */

export interface Warning {
  /** Dotted path in the body, for example `heartbeats[1].load.queueDepth`; empty for the body itself. */
  readonly path: string;
  readonly message: string;
}

/** Result of reading a message: its value with warnings, or the faults of its vital part. */
export type VitalReading<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly Warning[] }
  | { readonly ok: false; readonly faults: readonly Warning[] };

/** Further warnings are dropped. */
const MAX_WARNINGS = 100;
const MAX_NAME_CHARACTERS = 128;

/** Collects the warnings of one message. */
export class Warnings {
  readonly list: Warning[];

  constructor(before: readonly Warning[] = []) {
    this.list = [...before];
  }

  add(path: string, message: string): void {
    if (this.list.length < MAX_WARNINGS) this.list.push({ path, message });
  }

  /** Warns of each member of `object` that the message does not have. */
  addUnknown(object: Members, known: ReadonlySet<string>, path: string): void {
    for (const name in object) {
      if (this.list.length >= MAX_WARNINGS) return;
      if (!known.has(name)) this.add(memberPath(path, name), 'ignored: unknown field');
    }
  }
}

export type Members = Readonly<Record<string, unknown>>;

/** Whether a JSON value is an object and no list. */
export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const memberPath = (path: string, name: string): string => {
  const shown = name.slice(0, MAX_NAME_CHARACTERS);
  return path === '' ? shown : `${path}.${shown}`;
};

export const fault = (path: string, message: string): { readonly ok: false; readonly faults: readonly Warning[] } => ({
  ok: false,
  faults: [{ path, message }],
});

const MAX_SHOWN_CHARACTERS = 64;

/** A JSON value for a message: short, however long the value is. */
export function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return typeof value === 'string' ? JSON.stringify(value.slice(0, MAX_SHOWN_CHARACTERS)) : String(value);
}
