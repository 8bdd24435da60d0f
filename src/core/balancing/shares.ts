/**
 * Which part of a type's work each component is meant to get: by its room, weight × `maxConcurrentTasks`, while it may
 * be given any. And how the shares changed between two times.
 */
export type Capacities = ReadonlyMap<string, number>;

export interface ShareChange {
  readonly componentId: string;
  /** 0 to 1; 0 for one that was not there. */
  readonly before: number;
  /** 0 for one that is gone. */
  readonly after: number;
}

/** Why most of it changed: who is a member, who may be given work, or how much. */
export type ShareReason = 'membership' | 'routability' | 'room';

export interface Redistributed {
  /** Part of all work that goes to others than before, 0 to 1. */
  readonly moved: number;
  /** Those whose share is another, the largest change first. */
  readonly changes: readonly ShareChange[];
  readonly reason: ShareReason | null;
}

/** A change of a share that is worth naming. */
const NAMED = 0.000_05;

export function redistributed(before: Capacities, after: Capacities): Redistributed {
  const [all, now] = [totalOf(before), totalOf(after)];
  const changes: ShareChange[] = [];
  let moved = 0;
  let reason: ShareReason | null = null;
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(id), after.get(id)];
    moved += Math.abs(partOf(is, now) - partOf(was, all));
    const change = { componentId: id, before: rounded(partOf(was, all)), after: rounded(partOf(is, now)) };
    if (Math.abs(change.after - change.before) >= NAMED) changes.push(change);
    if (was !== is) reason = graver(reason, reasonOf(was, is));
  }
  // Beside what left some, as much came to others; of a type that begins or ends all of it moved.
  const part = all === 0 || now === 0 ? moved : moved / 2;
  changes.sort((a, b) => distance(b) - distance(a) || (a.componentId < b.componentId ? -1 : 1));
  return { moved: rounded(part), changes, reason };
}

const totalOf = (rooms: Capacities): number => {
  let total = 0;
  for (const room of rooms.values()) total += room;
  return total;
};

const partOf = (room: number | undefined, total: number): number => (total === 0 ? 0 : (room ?? 0) / total);

/** To five digits: of ten thousand components each gets little. */
const rounded = (share: number): number => Math.round(100_000 * share) / 100_000;

const distance = ({ before, after }: ShareChange): number => Math.abs(after - before);

function reasonOf(was: number | undefined, is: number | undefined): ShareReason {
  if (was === undefined || is === undefined) return 'membership';
  return was === 0 || is === 0 ? 'routability' : 'room';
}

const GRAVITY: readonly (ShareReason | null)[] = [null, 'room', 'routability', 'membership'];

const graver = (a: ShareReason | null, b: ShareReason): ShareReason =>
  GRAVITY.indexOf(a) > GRAVITY.indexOf(b) ? a! : b;
