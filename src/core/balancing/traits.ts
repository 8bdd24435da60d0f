/**
 * Traits that components share: location, task types, capability flags, part of the traffic split. A pool keeps one
 * entry per trait, so that a preference costs no scan of the components.
 */
import type { BalancingSettings } from './balancing-settings.ts';
import type { Candidate } from './candidate.ts';
import { matchesMetadata } from './preferences.ts';
import type { WeightedSet } from './weighted-set.ts';
import { setWeight } from './weighted-set.ts';

/** A location; a task type or capability flag; a part of the traffic split, named by its index. */
export type TraitKind = 'location' | 'capability' | 'part';

export interface Trait {
  /** 1 if the component has the trait, healthy or not. By position. */
  holders: Uint8Array;
  count: number;
  /** Healthy components with the trait: gathered on first use and maintained from then on; null before. */
  healthy: WeightedSet | null;
}

/** A trait of the component at one position. */
export interface TraitOf {
  readonly kind: TraitKind;
  readonly name: string;
  readonly position: number;
}

/** By kind and name. A name without an entry belongs to no component. */
export type Traits = Readonly<Record<TraitKind, Map<string, Trait>>>;

/** Compares by identity: an update of live stats alone keeps the same objects. */
export const hasSameTraits = (a: Candidate | null, b: Candidate | null): boolean =>
  a?.metadata === b?.metadata && a?.location === b?.location && a?.taskTypes === b?.taskTypes && a?.flags === b?.flags;

export function eachTrait(
  settings: BalancingSettings,
  candidate: Candidate,
  visit: (kind: TraitKind, name: string) => void,
): void {
  for (const name of candidate.taskTypes) visit('capability', name);
  for (const name of candidate.flags) visit('capability', name);
  if (candidate.location !== null) visit('location', candidate.location);
  if (settings.trafficSplit.length > 0) visit('part', String(partOf(settings, candidate)));
}

/** Records that the component at `position` has the trait. `positions` is the number of positions of the pool. */
export function addTrait(traits: Traits, { kind, name, position }: TraitOf, positions: number): void {
  let trait = traits[kind].get(name);
  if (!trait) traits[kind].set(name, (trait = { holders: new Uint8Array(positions), count: 0, healthy: null }));
  // A name used both as task type and as flag counts once.
  if (trait.holders[position] === 0) trait.count += 1;
  trait.holders[position] = 1;
}

export function removeTrait(traits: Traits, { kind, name, position }: TraitOf): void {
  const trait = traits[kind].get(name);
  if (trait?.holders[position] !== 1) return;
  trait.holders[position] = 0;
  trait.count -= 1;
  if (trait.healthy) setWeight(trait.healthy, position, 0);
  if (trait.count === 0) traits[kind].delete(name);
}

/** Index of the traffic split part that a candidate belongs to; the number of parts if no part matches. */
export function partOf({ trafficSplit }: BalancingSettings, candidate: Candidate): number {
  const part = trafficSplit.findIndex(({ match }) => matchesMetadata(candidate, match));
  return part === -1 ? trafficSplit.length : part;
}
