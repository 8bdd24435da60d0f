/**
 * What dependencies make of a component: its effective status, and the root cause that explains it.
 *
 * A component's own status stays what its senses say. Beside it stands what a dead dependency makes of it: all
 * dependencies are needed (a registration knows no softer kind), so without one of them it is `unhealthy` in
 * effect, whatever it says, and so is what depends on it in turn. The cause is where the chain ends: the deepest
 * dependencies that are down while nothing below them is.
 */
import type { LifecycleState } from '../component/lifecycle.ts';
import type { HealthStatus } from './health-status.ts';

/** Most causes that are named. The first by id, so that what is known of one part can be joined to another. */
export const MAX_ROOT_CAUSES = 10;

/**
 * Whether others can rely on it. What people took out of service counts as down, because work sent there fails
 * as well; what drains still works, and a standby runs. Not checked yet is no failure.
 */
export const isDown = (status: HealthStatus, lifecycle: LifecycleState): boolean =>
  status === 'unhealthy' || lifecycle === 'maintenance' || lifecycle === 'isolated';

export const effectiveStatus = (own: HealthStatus, rootCause: readonly string[]): HealthStatus =>
  rootCause.length > 0 ? 'unhealthy' : own;

export interface DependencyGraph {
  /** What each component in question depends on, with everybody among them who depends on another of them. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  readonly isDown: (id: string) => boolean;
  /** What is known of those that are not in question. */
  readonly rootCauseOf: (id: string) => readonly string[];
}

/**
 * The root causes of all that are in question, ids ascending; empty where nothing is wrong below. Each is looked
 * at once, after what it depends on. Should there be a cycle, the way round it counts for nothing.
 */
export function findRootCauses(graph: DependencyGraph): Map<string, readonly string[]> {
  const { dependencies } = graph;
  const found = new Map<string, readonly string[]>();
  const entered = new Set<string>();
  const isLeft = (id: string): boolean => dependencies.has(id) && !entered.has(id);
  // By hand, not by recursion: a chain may be longer than the stack.
  const way = [...dependencies.keys()];
  for (let id = way.at(-1); id !== undefined; id = way.at(-1)) {
    const first = entered.has(id) ? [] : (dependencies.get(id) ?? []).filter(isLeft);
    entered.add(id);
    way.push(...first);
    if (first.length > 0) continue;
    way.pop();
    if (!found.has(id)) found.set(id, rootCauseOf(id, graph, found));
  }
  return found;
}

function rootCauseOf(
  id: string,
  { dependencies, isDown: down, rootCauseOf: known }: DependencyGraph,
  found: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const causes = new Set<string>();
  for (const dependency of dependencies.get(id) ?? []) {
    const below = dependencies.has(dependency) ? (found.get(dependency) ?? []) : known(dependency);
    if (below.length > 0) for (const cause of below) causes.add(cause);
    else if (down(dependency)) causes.add(dependency);
  }
  return [...causes].toSorted().slice(0, MAX_ROOT_CAUSES);
}
