/**
 * What the coordinator, which knows the graph, and the registries, which know how components are, tell each
 * other of dependencies. Neither imports the other: they meet here.
 */

/** What a component's dependencies make of it from now on. */
export interface RootCauseUpdate {
  readonly id: string;
  /** Why it cannot work, ids ascending; empty when all that it depends on is there. */
  readonly rootCause: readonly string[];
  /** Orders what is said of one component: an older one changes nothing. */
  readonly sequence: number;
}

/** A registry, as the coordinator calls it. */
export interface RootCauseReceiver {
  /** Takes them over; returns once they are stored. Of those that it does not hold it takes no notice. */
  dependenciesTurned(turns: readonly RootCauseUpdate[]): Promise<void>;
  /** Something that depends on them failed: asks now how they are, unless that was asked a moment ago. */
  checkDoubted(ids: readonly string[]): Promise<void>;
}

/** How a type's components stand, as its registry tells each minute to repair what got lost. */
export interface TypeConditions {
  readonly type: string;
  /** Of the type when this was so. */
  readonly revision: number;
  /** Ids of those on which nobody can rely. */
  readonly down: readonly string[];
  /** Of those that have a root cause: the sequence it came with. */
  readonly shadows: readonly (readonly [id: string, sequence: number])[];
}
