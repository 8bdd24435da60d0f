/**
 * Target share of a type's work for each component, and the change of the shares between two times. While a component
 * is routable, its share is proportional to weight × `maxConcurrentTasks`.
 */
export type Capacities = ReadonlyMap<string, number>;

export interface ShareChange {
  readonly componentId: string;
  /** 0 to 1; 0 for a new component. */
  readonly before: number;
  /** 0 to 1; 0 for a removed component. */
  readonly after: number;
}

/** The most severe cause: members, routability or capacity changed. */
export type ShareReason = 'membership' | 'routability' | 'capacity';

export interface Redistribution {
  /** Part of all work that moves to other components, 0 to 1. */
  readonly movedShare: number;
  /** Components with a changed share, the largest change first. */
  readonly changes: readonly ShareChange[];
  readonly reason: ShareReason | null;
}

/** Smallest change of a share that is listed. */
const MIN_NAMED_CHANGE = 0.000_05;

export function redistribution(before: Capacities, after: Capacities): Redistribution {
  const [all, now] = [totalOf(before), totalOf(after)];
  const changes: ShareChange[] = [];
  let moved = 0;
  let reason: ShareReason | null = null;
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(id), after.get(id)];
    moved += Math.abs(partOf(is, now) - partOf(was, all));
    const change = { componentId: id, before: rounded(partOf(was, all)), after: rounded(partOf(is, now)) };
    if (Math.abs(change.after - change.before) >= MIN_NAMED_CHANGE) changes.push(change);
    if (was !== is) reason = graverOf(reason, reasonOf(was, is));
  }
  // A shift counts at the component that loses it and at the one that gains it. If the type had or has no capacity, all
  // of it moved.
  const part = all === 0 || now === 0 ? moved : moved / 2;
  changes.sort((a, b) => distance(b) - distance(a) || (a.componentId < b.componentId ? -1 : 1));
  return { movedShare: rounded(part), changes, reason };
}

const totalOf = (capacities: Capacities): number => {
  let total = 0;
  for (const capacity of capacities.values()) total += capacity;
  return total;
};

const partOf = (capacity: number | undefined, total: number): number => (total === 0 ? 0 : (capacity ?? 0) / total);

/** Five digits: with ten thousand components each share is small. */
const rounded = (share: number): number => Math.round(100_000 * share) / 100_000;

const distance = ({ before, after }: ShareChange): number => Math.abs(after - before);

function reasonOf(was: number | undefined, is: number | undefined): ShareReason {
  if (was === undefined || is === undefined) return 'membership';
  return was === 0 || is === 0 ? 'routability' : 'capacity';
}

const SEVERITY: readonly (ShareReason | null)[] = [null, 'capacity', 'routability', 'membership'];

const graverOf = (a: ShareReason | null, b: ShareReason): ShareReason =>
  SEVERITY.indexOf(a) > SEVERITY.indexOf(b) ? a! : b;
