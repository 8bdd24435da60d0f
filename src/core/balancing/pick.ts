/**
 * The routing decision: preferred component → health → traffic split → preferences → capacity → policy. If a request
 * cannot have both, preferences take precedence over the traffic split. Only known work takes capacity; a component
 * that is full by estimate is less preferred.
 *
 * Isolates decide on a snapshot in mode `sampled`. The registry knows the load and decides in mode `exact`. Both modes
 * apply the same rules and differ only in the number of candidates that they compare.
 */
import { affinityTargetOf, unitOf } from './affinity.ts';
import { bestOfAll, bestOfSample, hasAnyCapacity } from './best-of.ts';
import type { Candidate } from './candidate.ts';
import type { Choice, Enforcement } from './eligible.ts';
import {
  fitsWhenIdle,
  hasCapacity,
  isAssumedDown,
  isEligible,
  knownLoadPercentOf,
  loadPercentOf,
  meetsPreferences,
} from './eligible.ts';
import type { CandidatePool } from './candidate-pool.ts';
import { healthyWith, meanRateOf, typicalMs } from './candidate-pool.ts';
import { partOf } from './traits.ts';
import { hashOf } from '../hash.ts';
import type { OpenWork } from './open-work.ts';
import type { Task } from './policies/policy.ts';
import type { PreferenceName, Preferences } from './preferences.ts';
import { isExpressed, enforcesPreferences, relaxedFor } from './preferences.ts';
import type { FallbackTier, Tier } from './tier.ts';
import { healthIgnoredBy } from './tier.ts';
import type { WeightedSet } from './weighted-set.ts';
import { isMember } from './weighted-set.ts';

export type { FallbackTier } from './tier.ts';

export interface RouteRequest {
  readonly taskType: string | null;
  readonly location: string | null;
  readonly preferences: Preferences;
  /** Slots that a lease occupies; 1 without a lease. */
  readonly slots: number;
  readonly affinityKey: string | null;
  /** Ids that a dry run assumes to be down. */
  readonly assumedDown: readonly string[];
}

export interface PickContext {
  readonly work: OpenWork;
  /** Epoch ms; estimated work decays up to this time. */
  readonly now: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Place of this request in the traffic split, 0 to 1; spread evenly over requests. */
  readonly splitAt: number;
  readonly mode: 'sampled' | 'exact';
  /** The aperture of this isolate among the healthy components; null for all of them. */
  readonly aperture: WeightedSet | null;
}

export type Pick = Picked | NoPick;

export interface Picked {
  readonly ok: true;
  readonly position: number;
  readonly candidate: Candidate;
  readonly relaxed: readonly PreferenceName[];
  readonly fallbackTier: FallbackTier | null;
  /** Traffic split part of the component; null without a split, or if the decision bypassed the split. */
  readonly part: number | null;
}

export interface NoPick {
  readonly ok: false;
  readonly reason: 'no-healthy-components' | 'at-capacity' | 'preferences-unmet';
}

export const NO_PICK_TEXTS: Readonly<Record<NoPick['reason'], string>> = {
  'no-healthy-components': 'no component can be given work at the moment',
  'at-capacity': 'no component has that many free slots',
  'preferences-unmet': 'no component meets the preferences',
};

export function pickComponent(pool: CandidatePool, request: RouteRequest, context: PickContext): Pick {
  const { work, random, now } = context;
  const tiers = tiersOf(pool, request.assumedDown);
  const task = taskOf(pool, request);
  const choice: Choice = { pool: poolForTiers(pool, tiers), work, task, requirements: request, random, now };
  const part = requestedPartOf(pool, request, context);
  for (let at = 0; at < tiers.length; at++) {
    const { set, fallbackTier } = tiers[at]!;
    const position = pickFrom(choice, { tiers, at, part: set === pool.healthy ? part : null }, request, context);
    if (position !== -1) return toPick(choice, position, fallbackTier, part);
    // A component with capacity does not meet the preferences. No component of a later tier replaces it.
    if (hasAnyCapacity(choice, set)) break;
  }
  return { ok: false, reason: noPickReason(choice, tiers) };
}

export function taskOf(pool: CandidatePool, { taskType, location }: RouteRequest): Task {
  return {
    supporters: taskType === null ? null : (pool.traits.capability.get(taskType)?.holders ?? null),
    atLocation: location === null ? null : (pool.traits.location.get(location)?.holders ?? null),
    meanRate: meanRateOf(pool),
    typicalMs: typicalMs(pool),
  };
}

/** Returns the tiers in the order in which a decision tries them. Ids assumed down do not count. */
export function tiersOf(pool: CandidatePool, assumedDown: readonly string[] = NO_IDS): readonly Tier[] {
  const { settings, tiers } = pool;
  const counts = {
    healthy: sizeWithout(assumedDown, pool, pool.healthy),
    suspect: sizeWithout(assumedDown, pool, pool.suspect),
    active: sizeWithout(assumedDown, pool, pool.active),
  };
  const ignoredBy = healthIgnoredBy(settings, counts);
  if (ignoredBy !== null) return ignoredBy === 'panic' ? tiers.panic : tiers.failOpen;
  return counts.suspect === 0 ? tiers.healthy : tiers.healthyThenSuspect;
}

const NO_IDS: readonly string[] = [];

function sizeWithout(assumedDown: readonly string[], { positions }: CandidatePool, set: WeightedSet): number {
  if (assumedDown.length === 0) return set.size;
  return set.size - new Set(assumedDown.filter((id) => isMember(set, positions.get(id) ?? -1))).size;
}

/** Returns the pool as policies see it: if the tiers ignore health, no component counts as suspect. */
export const poolForTiers = (pool: CandidatePool, tiers: readonly Tier[]): CandidatePool =>
  tiers[0]?.set === pool.active ? { ...pool, suspectFlags: NO_SUSPECTS } : pool;

const NO_SUSPECTS = new Uint8Array();

/** The tier that a decision tries: `tiers[at]`. */
interface Attempt {
  readonly tiers: readonly Tier[];
  readonly at: number;
  /** The part of the tier that the traffic split selects; null without a split. */
  readonly part: WeightedSet | null;
}

/** Returns the position of this tier that receives the work; -1 if none. */
function pickFrom(choice: Choice, attempt: Attempt, request: RouteRequest, context: PickContext): number {
  const { pool } = choice;
  const { part } = attempt;
  const { set } = attempt.tiers[attempt.at]!;
  const { preferences } = request;
  const preferred = preferredOf(choice, set);
  if (preferred !== -1) return preferred;
  // Preferences of the caller take precedence over the traffic split.
  if (enforcesPreferences(preferences)) {
    const position = bestMatch(choice, attempt, request, context);
    if (position !== -1 || preferences.strict || isMetByAny(choice, attempt)) return position;
  }
  // The aperture does not apply to affinity keys: all isolates must route a key to the same component.
  const subset = part ?? (set === pool.healthy && request.affinityKey === null ? context.aperture : null);
  const position = subset ? bestOf(choice, subset, request, context, 'none') : -1;
  return position === -1 ? bestOf(choice, set, request, context, 'none') : position;
}

/** Returns the best position that meets the preferences, first in the part of the traffic split; -1 if none. */
function bestMatch(choice: Choice, { tiers, at, part }: Attempt, request: RouteRequest, context: PickContext): number {
  const { preferences } = request;
  const set = groupIn(choice, tiers[at]!.set);
  const isLoadRelaxable = preferences.maxLoad !== undefined && !preferences.strict;
  for (const enforcement of isLoadRelaxable ? (['all', 'known-load'] as const) : (['all'] as const)) {
    const inPart = part ? bestOf(choice, part, request, context, enforcement) : -1;
    const position = inPart === -1 ? bestOf(choice, set, request, context, enforcement) : inPart;
    if (position !== -1) return position;
  }
  return -1;
}

/** Whether a component of this tier or of one before it meets the preferences, even if it is full at the moment. */
function isMetByAny(choice: Choice, { tiers, at }: Attempt): boolean {
  for (let tier = 0; tier <= at; tier++) {
    const { members, size } = groupIn(choice, tiers[tier]!.set);
    for (let slot = 0; slot < size; slot++) {
      const position = members[slot]!;
      if (fitsWhenIdle(choice.pool, position, choice.requirements) && meetsPreferences(choice, position, 'known-load'))
        return true;
    }
  }
  return false;
}

function bestOf(
  choice: Choice,
  set: WeightedSet,
  { affinityKey }: RouteRequest,
  { mode }: PickContext,
  enforcement: Enforcement,
): number {
  if (!choice.pool.settings.loadBalancingEnabled) return firstRegistered(choice, set, enforcement);
  if (affinityKey !== null) return affinityTargetOf(choice, set, affinityKey, enforcement);
  return mode === 'exact' ? bestOfAll(choice, set, enforcement) : bestOfSample(choice, set, enforcement);
}

/** The smallest group of a tier that a preference names; the tier itself if none names one. */
function groupIn({ pool, requirements }: Choice, tier: WeightedSet): WeightedSet {
  const { location, capabilities } = requirements.preferences;
  if (tier !== pool.healthy) return tier;
  let smallest = location === undefined ? tier : healthyWith(pool, 'location', location);
  for (const capability of capabilities ?? []) {
    const group = healthyWith(pool, 'capability', capability);
    if (group.size < smallest.size) smallest = group;
  }
  return smallest;
}

/**
 * Healthy members of the split part that the request falls into; null without a split. An affinity key always falls
 * into the same part.
 */
function requestedPartOf(
  pool: CandidatePool,
  { affinityKey }: RouteRequest,
  { splitAt }: PickContext,
): WeightedSet | null {
  const { trafficSplit, loadBalancingEnabled } = pool.settings;
  if (trafficSplit.length === 0 || !loadBalancingEnabled) return null;
  let rest = 100 * (affinityKey === null ? splitAt : unitOf(hashOf(affinityKey)));
  const part = trafficSplit.findIndex(({ percent }) => (rest -= percent) < 0);
  return healthyWith(pool, 'part', String(part === -1 ? trafficSplit.length : part));
}

/** The preferred component, whatever the other preferences say; under `strict` only if it meets them as well. */
function preferredOf(choice: Choice, tier: WeightedSet): number {
  const { preferredComponent, strict = false } = choice.requirements.preferences;
  if (preferredComponent === undefined) return -1;
  const position = choice.pool.positions.get(preferredComponent) ?? -1;
  if (position === -1 || !isMember(tier, position)) return -1;
  return isEligible(choice, position, strict ? 'all' : 'none') ? position : -1;
}

/** Without load balancing, the eligible component that registered first receives all work. */
function firstRegistered(choice: Choice, set: WeightedSet, enforcement: Enforcement): number {
  let first = -1;
  for (let slot = 0; slot < set.size; slot++) {
    const position = set.members[slot]!;
    if (!isEligible(choice, position, enforcement)) continue;
    if (first === -1 || isRegisteredBefore(choice.pool.candidates[position]!, choice.pool.candidates[first]!))
      first = position;
  }
  return first;
}

/** The id breaks the tie of two registrations within one millisecond. */
const isRegisteredBefore = (a: Candidate, b: Candidate): boolean =>
  a.order === b.order ? a.id < b.id : a.order < b.order;

function toPick(
  choice: Choice,
  position: number,
  fallbackTier: FallbackTier | null,
  requestedPart: WeightedSet | null,
): Pick {
  const { pool, requirements } = choice;
  const { preferences } = requirements;
  const candidate = pool.candidates[position]!;
  const relaxed = isExpressed(preferences)
    ? relaxedFor(candidate, preferences, {
        total: loadPercentOf(choice, position),
        known: knownLoadPercentOf(choice, position),
      })
    : NO_PREFERENCES;
  // Null if the caller preferred the component by id, or if the requested part had no eligible component.
  const isOfPart = requestedPart !== null && fallbackTier === null && isMember(requestedPart, position);
  const part = isOfPart && candidate.id !== preferences.preferredComponent ? partOf(pool.settings, candidate) : null;
  return { ok: true, position, candidate, relaxed, fallbackTier, part };
}

const NO_PREFERENCES: readonly PreferenceName[] = [];

/** Returns the reason why no component was picked; `at-capacity` if waiting can help. */
function noPickReason(choice: Choice, tiers: readonly Tier[]): NoPick['reason'] {
  const { pool, requirements } = choice;
  if (tiers.every(({ set }) => sizeWithout(requirements.assumedDown, pool, set) === 0)) return 'no-healthy-components';
  if (!requirements.preferences.strict) return 'at-capacity';
  const isWorthWaiting = (position: number): boolean =>
    meetsPreferences(choice, position, 'all') &&
    !hasCapacity(choice, position) &&
    !isAssumedDown(pool, position, requirements);
  const canWait = tiers.some(({ set }) => set.members.subarray(0, set.size).some(isWorthWaiting));
  return canWait ? 'at-capacity' : 'preferences-unmet';
}
