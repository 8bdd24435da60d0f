/**
 * The effective status of a component, derived from its dependencies, and the root causes that explain it.
 *
 * Every dependency is required; a registration knows no optional ones. A component with a failed dependency is
 * effectively `unhealthy`, and so are its own dependants. Its own status by checks and heartbeats does not change.
 * Root causes are the deepest failed dependencies: those that have no failed dependency themselves.
 */
import type { LifecycleState } from '../component/lifecycle.ts';
import type { HealthStatus } from './health-status.ts';

/** Maximum number of root causes per component: the lowest ids, so that partial results can be merged. */
export const MAX_ROOT_CAUSES = 10;

/**
 * True when dependants cannot rely on the component. Maintenance and isolation count as down, because work sent there
 * fails. A draining component still works, a standby runs, and an unchecked component has not failed.
 */
export const isDown = (status: HealthStatus, lifecycle: LifecycleState): boolean =>
  status === 'unhealthy' || lifecycle === 'maintenance' || lifecycle === 'isolated';

export const effectiveStatus = (own: HealthStatus, rootCause: readonly string[]): HealthStatus =>
  rootCause.length > 0 ? 'unhealthy' : own;

export interface DependencyGraph {
  /** Direct dependencies of each evaluated component. All dependants of an evaluated component are evaluated too. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  readonly isDown: (id: string) => boolean;
  /** Known root causes of components that are not evaluated. */
  readonly rootCauseOf: (id: string) => readonly string[];
}

/**
 * Returns the root causes of every evaluated component, ids ascending; empty when no dependency is down. Each component
 * is visited once, after its dependencies. An edge that closes a cycle contributes nothing.
 */
export function findRootCauses(graph: DependencyGraph): Map<string, readonly string[]> {
  const { dependencies } = graph;
  const found = new Map<string, readonly string[]>();
  const visited = new Set<string>();
  const isUnvisited = (id: string): boolean => dependencies.has(id) && !visited.has(id);
  // An explicit stack instead of recursion: a dependency chain may be deeper than the call stack.
  const stack = [...dependencies.keys()];
  for (let id = stack.at(-1); id !== undefined; id = stack.at(-1)) {
    const unvisited = visited.has(id) ? [] : (dependencies.get(id) ?? []).filter(isUnvisited);
    visited.add(id);
    stack.push(...unvisited);
    if (unvisited.length > 0) continue;
    stack.pop();
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
