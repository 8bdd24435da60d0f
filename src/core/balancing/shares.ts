/**
 * Target share of a type's work for each component, and the change of the shares between two times. Only components
 * that would get work now have a share: those of the first fallback tier with capacity, preferably those that are not
 * full by estimate. Among them, shares are proportional to weight × `maxConcurrentTasks`.
 */
import type { BalancingSettings } from './balancing-settings.ts';
import { healthIgnoredBy } from './tier.ts';

/** A component, as far as its share depends on it. */
export interface Shareholder {
  /** `active` if not routable for its health alone; null if it gets no work in any case. */
  readonly tier: 'healthy' | 'suspect' | 'active' | null;
  /** Weight × `maxConcurrentTasks`. */
  readonly capacity: number;
  readonly fullBy: 'known' | 'estimate' | null;
}

/** Returns the share of a component among these, 0 to 1; 0 if it would get no work. */
export function sharesAmong(
  holders: Iterable<Shareholder>,
  settings: BalancingSettings,
): (holder: Shareholder) => number {
  const counts = { healthy: 0, suspect: 0, active: 0 };
  const sums = { healthy: newSums(), suspect: newSums(), active: newSums() };
  for (const { tier, capacity, fullBy } of holders) {
    if (tier === null) continue;
    if (tier !== 'active') counts[tier] += 1;
    counts.active += 1;
    for (const each of tier === 'active' ? (['active'] as const) : (['active', tier] as const))
      if (fullBy !== 'known') sums[each][fullBy === null ? 'free' : 'full'] += capacity;
  }
  const tiers = healthIgnoredBy(settings, counts) === null ? (['healthy', 'suspect'] as const) : (['active'] as const);
  const serving = tiers.find((tier) => sums[tier].free + sums[tier].full > 0);
  if (serving === undefined) return () => 0;
  const { free, full } = sums[serving];
  return ({ tier, capacity, fullBy }) => {
    const isServing = tier !== null && (tier === serving || serving === 'active');
    if (!isServing || fullBy === 'known') return 0;
    if (free > 0) return fullBy === null ? capacity / free : 0;
    return capacity / full;
  };
}

/** Capacities of one tier: of the components with free capacity, and of those that are full by estimate alone. */
const newSums = () => ({ free: 0, full: 0 });

/** Capacity by component id. */
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
