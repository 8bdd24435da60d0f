/**
 * The routing decision: health → traffic split → preferences → capacity → policy. If a request cannot have both,
 * preferences take precedence over the traffic split.
 *
 * Isolates decide on a snapshot in mode `sampled`. The registry knows the load and decides in mode `exact`. Both modes
 * apply the same rules and differ only in the number of candidates that they compare.
 */
import { affinityTargetOf, unitOf } from './affinity.ts';
import type { BalancingSettings } from './balancing-settings.ts';
import type { Choice } from './best-of.ts';
import { bestOfAll, bestOfSample, hasAnyCapacity, isEligible } from './best-of.ts';
import type { Candidate } from './candidate.ts';
import { hasCapacity, isAssumedDown, loadPercentOf, meetsPreferences } from './eligible.ts';
import type { CandidatePool } from './candidate-pool.ts';
import { healthyWith, meanRateOf, typicalMs } from './candidate-pool.ts';
import { partOf } from './traits.ts';
import { hashOf } from '../hash.ts';
import type { OpenWork } from './open-work.ts';
import type { Task } from './policies/policy.ts';
import type { PreferenceName, Preferences } from './preferences.ts';
import { isExpressed, enforcesPreferences, relaxedFor } from './preferences.ts';
import type { FallbackTier, Tier } from './tier.ts';
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

export function pickComponent(pool: CandidatePool, request: RouteRequest, context: PickContext): Pick {
  const { work, random } = context;
  const tiers = tiersOf(pool, request.assumedDown);
  const task = taskOf(pool, request);
  const choice: Choice = { pool: poolForTiers(pool, tiers), work, task, requirements: request, random };
  const part = requestedPartOf(pool, request, context);
  for (let at = 0; at < tiers.length; at++) {
    const { set, fallbackTier } = tiers[at]!;
    const position = pickFrom(choice, set, set === pool.healthy ? part : null, request, context);
    if (position !== -1) return toPick(choice, position, fallbackTier, part);
    // A component with capacity does not match. Under `strict`, no component of a later tier replaces it.
    if (request.preferences.strict && hasAnyCapacity(choice, set)) break;
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
  const { healthy, suspect, active, settings, tiers } = pool;
  const [healthyCount, suspectCount] = [
    sizeWithout(assumedDown, pool, healthy),
    sizeWithout(assumedDown, pool, suspect),
  ];
  if (isPanicking(settings, healthyCount, sizeWithout(assumedDown, pool, active))) return tiers.panic;
  if (healthyCount + suspectCount === 0 && settings.noHealthyPolicy === 'fail-open') return tiers.failOpen;
  return suspectCount === 0 ? tiers.healthy : tiers.healthyThenSuspect;
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

/** Whether the healthy percentage is below the panic threshold. */
const isPanicking = ({ panicThreshold }: BalancingSettings, healthy: number, active: number): boolean =>
  panicThreshold > 0 && healthy * 100 < panicThreshold * active;

/** Returns the position of this tier that receives the work; -1 if none. */
function pickFrom(
  choice: Choice,
  tier: WeightedSet,
  part: WeightedSet | null,
  request: RouteRequest,
  context: PickContext,
): number {
  const { pool, requirements } = choice;
  const preferred = preferredOf(choice, tier);
  if (preferred !== -1) return preferred;
  // Preferences of the caller take precedence over the traffic split.
  if (enforcesPreferences(requirements.preferences)) {
    const group = tier === pool.healthy ? preferredGroupOf(pool, requirements.preferences) : null;
    const inPart = part ? bestOf(choice, part, request, context, true) : -1;
    const position = inPart === -1 ? bestOf(choice, group ?? tier, request, context, true) : inPart;
    if (position !== -1 || requirements.preferences.strict) return position;
  }
  // The aperture does not apply to affinity keys: all isolates must route a key to the same component.
  const subset = part ?? (tier === pool.healthy && request.affinityKey === null ? context.aperture : null);
  const position = subset ? bestOf(choice, subset, request, context, false) : -1;
  return position === -1 ? bestOf(choice, tier, request, context, false) : position;
}

function bestOf(
  choice: Choice,
  set: WeightedSet,
  { affinityKey }: RouteRequest,
  { mode }: PickContext,
  enforcePreferences: boolean,
): number {
  if (!choice.pool.settings.loadBalancingEnabled) return firstRegistered(choice, set, enforcePreferences);
  if (affinityKey !== null) return affinityTargetOf(choice, set, affinityKey, enforcePreferences);
  return mode === 'exact' ? bestOfAll(choice, set, enforcePreferences) : bestOfSample(choice, set, enforcePreferences);
}

/** The smallest group that a preference names; null if no preference names one. */
function preferredGroupOf(pool: CandidatePool, { location, capabilities }: Preferences): WeightedSet | null {
  let smallest = location === undefined ? null : healthyWith(pool, 'location', location);
  for (const capability of capabilities ?? []) {
    const group = healthyWith(pool, 'capability', capability);
    if (!smallest || group.size < smallest.size) smallest = group;
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

function preferredOf(choice: Choice, tier: WeightedSet): number {
  const { preferredComponent } = choice.requirements.preferences;
  if (preferredComponent === undefined) return -1;
  const position = choice.pool.positions.get(preferredComponent) ?? -1;
  if (position === -1 || !isMember(tier, position)) return -1;
  const { pool, work, requirements } = choice;
  return hasCapacity(pool, work, position, requirements) && meetsPreferences(pool, work, position, requirements)
    ? position
    : -1;
}

/** Without load balancing, the eligible component that registered first receives all work. */
function firstRegistered(choice: Choice, set: WeightedSet, enforcePreferences: boolean): number {
  let first = -1;
  for (let slot = 0; slot < set.size; slot++) {
    const position = set.members[slot]!;
    if (!isEligible(choice, position, enforcePreferences)) continue;
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
  const { pool, work, requirements } = choice;
  const { preferences } = requirements;
  const candidate = pool.candidates[position]!;
  const relaxed = isExpressed(preferences)
    ? relaxedFor(candidate, preferences, loadPercentOf(pool, work, position))
    : NO_PREFERENCES;
  // Null if the caller preferred the component by id, or if the requested part had no eligible component.
  const isOfPart = requestedPart !== null && fallbackTier === null && isMember(requestedPart, position);
  const part = isOfPart && candidate.id !== preferences.preferredComponent ? partOf(pool.settings, candidate) : null;
  return { ok: true, position, candidate, relaxed, fallbackTier, part };
}

const NO_PREFERENCES: readonly PreferenceName[] = [];

/** Returns the reason why no component was picked; `at-capacity` if waiting can help. */
function noPickReason(choice: Choice, tiers: readonly Tier[]): NoPick['reason'] {
  const { pool, work, requirements } = choice;
  if (tiers.every(({ set }) => sizeWithout(requirements.assumedDown, pool, set) === 0)) return 'no-healthy-components';
  if (!requirements.preferences.strict) return 'at-capacity';
  const isWorthWaiting = (position: number): boolean =>
    meetsPreferences(pool, work, position, requirements) &&
    !hasCapacity(pool, work, position, requirements) &&
    !isAssumedDown(pool, position, requirements);
  const canWait = tiers.some(({ set }) => set.members.subarray(0, set.size).some(isWorthWaiting));
  return canWait ? 'at-capacity' : 'preferences-unmet';
}
