/**
 * Messages about dependencies between the coordinator, which owns the graph, and the registries, which own the
 * statuses. Neither imports the other; this file is their contract.
 */

/** A new root cause of one component, sent by the coordinator. */
export interface RootCauseUpdate {
  readonly id: string;
  /** Ids of the failed dependencies, ascending; empty when none is down. */
  readonly rootCause: readonly string[];
  /** Orders the updates of one component; a registry ignores older ones. */
  readonly sequence: number;
}

/** The part of a registry that the coordinator calls. */
export interface RootCauseReceiver {
  /** Applies updates and returns once they are stored. Ignores unknown components. */
  applyRootCauseUpdates(updates: readonly RootCauseUpdate[]): Promise<void>;
  /** Checks components now because a dependant failed, unless they were checked a moment ago. */
  recheckDependencies(ids: readonly string[]): Promise<void>;
}

/** The conditions of a type's components. The registry sends them each minute to repair lost updates. */
export interface TypeConditions {
  readonly type: string;
  /** The type's revision at that time. */
  readonly revision: number;
  /** Ids of the components that are down for their dependants. */
  readonly down: readonly string[];
  /** Components that have a root cause, each with the sequence of that update. */
  readonly rootCauses: readonly (readonly [id: string, sequence: number])[];
}
