/**
 * The routing decision: health → traffic split → preferences → capacity → policy.
 *
 * `sampled` is for whoever decides on a snapshot, `exact` for whoever knows the load. Both go the same way and
 * differ only in how many they look at.
 */
import { ownerOf, unitOf } from './affinity.ts';
import type { BalancingSettings } from './balancing-settings.ts';
import type { Choice } from './best-of.ts';
import { bestOfAll, bestOfSample, hasAnyCapacity, isEligible } from './best-of.ts';
import type { Candidate } from './candidate.ts';
import { hasCapacity, isGone, loadPercentOf, meetsPreferences } from './eligible.ts';
import type { CandidatePool } from './candidate-pool.ts';
import { healthyWith, meanRateOf, partOf, typicalMs } from './candidate-pool.ts';
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
  /** Slots that a lease takes; 1 without one. */
  readonly slots: number;
  readonly affinityKey: string | null;
  /** Ids that a rehearsal takes for gone. */
  readonly assumedDown: readonly string[];
}

export interface PickContext {
  readonly work: OpenWork;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Where in the traffic split this request falls, 0 to 1; evenly spread over requests. */
  readonly splitAt: number;
  readonly mode: 'sampled' | 'exact';
  /** The part of the healthy ones that this caller keeps to, or null for all of them. */
  readonly segment: WeightedSet | null;
}

export type Pick = Picked | NoPick;

export interface Picked {
  readonly ok: true;
  readonly position: number;
  readonly candidate: Candidate;
  readonly relaxed: readonly PreferenceName[];
  readonly resort: FallbackTier | null;
  /** The part of the traffic split it was taken from; null without one, or where it was passed by. */
  readonly part: number | null;
}

export interface NoPick {
  readonly ok: false;
  readonly reason: 'no-healthy-components' | 'at-capacity' | 'preferences-unmet';
}

export function pickComponent(fleet: CandidatePool, request: RouteRequest, context: PickContext): Pick {
  const { work, random } = context;
  const tiers = tiersOf(fleet, request.assumedDown);
  const task = taskOf(fleet, request);
  const choice: Choice = { fleet: asRequested(fleet, tiers), work, task, wanted: request, random };
  const part = partAsked(fleet, request, context);
  for (let at = 0; at < tiers.length; at++) {
    const { set, resort } = tiers[at]!;
    const position = pickFrom(choice, set, set === fleet.healthy ? part : null, request, context);
    if (position !== -1) return taken(choice, position, resort, part);
    // Whoever has room but is not wanted: under `strict` nobody of another tier is wanted instead.
    if (request.preferences.strict && hasAnyCapacity(choice, set)) break;
  }
  return { ok: false, reason: whyNobody(choice, tiers) };
}

export function taskOf(fleet: CandidatePool, { taskType, location }: RouteRequest): Task {
  return {
    supporters: taskType === null ? null : (fleet.traits.capability.get(taskType)?.holders ?? null),
    near: location === null ? null : (fleet.traits.location.get(location)?.holders ?? null),
    meanRate: meanRateOf(fleet),
    typicalMs: typicalMs(fleet),
  };
}

/** Who is asked in which order, those taken for gone not counted. */
export function tiersOf(fleet: CandidatePool, gone: readonly string[] = NOBODY): readonly Tier[] {
  const { healthy, doubtful, active, settings, tiers } = fleet;
  const [well, odd] = [sizeWithout(gone, fleet, healthy), sizeWithout(gone, fleet, doubtful)];
  if (isPanicking(settings, well, sizeWithout(gone, fleet, active))) return tiers.panic;
  if (well + odd === 0 && settings.noHealthyPolicy === 'fail-open') return tiers.failOpen;
  return odd === 0 ? tiers.healthy : tiers.healthyThenDoubtful;
}

const NOBODY: readonly string[] = [];

function sizeWithout(gone: readonly string[], { positions }: CandidatePool, set: WeightedSet): number {
  if (gone.length === 0) return set.size;
  return set.size - new Set(gone.filter((id) => isMember(set, positions.get(id) ?? -1))).size;
}

/** The fleet as policies are to see it: where health is not asked nobody is in doubt. */
export const asRequested = (fleet: CandidatePool, tiers: readonly Tier[]): CandidatePool =>
  tiers[0]?.set === fleet.active ? { ...fleet, doubt: NO_DOUBT } : fleet;

const NO_DOUBT = new Uint8Array();

/** Whether so few are healthy that health is not asked. */
const isPanicking = ({ panicThreshold }: BalancingSettings, healthy: number, active: number): boolean =>
  panicThreshold > 0 && healthy * 100 < panicThreshold * active;

/** The position of who is given the work, of this tier; -1 for nobody. */
function pickFrom(
  choice: Choice,
  tier: WeightedSet,
  part: WeightedSet | null,
  request: RouteRequest,
  context: PickContext,
): number {
  const { fleet, wanted } = choice;
  const preferred = preferredOf(choice, tier);
  if (preferred !== -1) return preferred;
  // What a caller asks for by name goes before the split of the rest.
  if (enforcesPreferences(wanted.preferences)) {
    const group = tier === fleet.healthy ? groupAsked(fleet, wanted.preferences) : null;
    const inPart = part ? bestOf(choice, part, request, context, true) : -1;
    const position = inPart === -1 ? bestOf(choice, group ?? tier, request, context, true) : inPart;
    if (position !== -1 || wanted.preferences.strict) return position;
  }
  // Work of one key goes to the same component whoever decides.
  const near = part ?? (tier === fleet.healthy && request.affinityKey === null ? context.segment : null);
  const position = near ? bestOf(choice, near, request, context, false) : -1;
  return position === -1 ? bestOf(choice, tier, request, context, false) : position;
}

function bestOf(
  choice: Choice,
  set: WeightedSet,
  { affinityKey }: RouteRequest,
  { mode }: PickContext,
  picky: boolean,
): number {
  if (!choice.fleet.settings.loadBalancingEnabled) return firstRegistered(choice, set, picky);
  if (affinityKey !== null) return ownerOf(choice, set, affinityKey, picky);
  return mode === 'exact' ? bestOfAll(choice, set, picky) : bestOfSample(choice, set, picky);
}

/** The smallest group that a preference names; null when none names one. */
function groupAsked(fleet: CandidatePool, { location, capabilities }: Preferences): WeightedSet | null {
  let smallest = location === undefined ? null : healthyWith(fleet, 'location', location);
  for (const capability of capabilities ?? []) {
    const group = healthyWith(fleet, 'capability', capability);
    if (!smallest || group.size < smallest.size) smallest = group;
  }
  return smallest;
}

/** The part of the split that a request falls into, the same one for the same affinity key; null without a split. */
function partAsked(fleet: CandidatePool, { affinityKey }: RouteRequest, { splitAt }: PickContext): WeightedSet | null {
  const { trafficSplit, loadBalancingEnabled } = fleet.settings;
  if (trafficSplit.length === 0 || !loadBalancingEnabled) return null;
  let rest = 100 * (affinityKey === null ? splitAt : unitOf(hashOf(affinityKey)));
  const part = trafficSplit.findIndex(({ percent }) => (rest -= percent) < 0);
  return healthyWith(fleet, 'part', String(part === -1 ? trafficSplit.length : part));
}

function preferredOf(choice: Choice, tier: WeightedSet): number {
  const { preferredComponent } = choice.wanted.preferences;
  if (preferredComponent === undefined) return -1;
  const position = choice.fleet.positions.get(preferredComponent) ?? -1;
  if (position === -1 || !isMember(tier, position)) return -1;
  const { fleet, work, wanted } = choice;
  return hasCapacity(fleet, work, position, wanted) && meetsPreferences(fleet, work, position, wanted) ? position : -1;
}

/** Without load balancing everything goes to whoever was there first. */
function firstRegistered(choice: Choice, set: WeightedSet, picky: boolean): number {
  let first = -1;
  for (let slot = 0; slot < set.size; slot++) {
    const position = set.members[slot]!;
    if (!isEligible(choice, position, picky)) continue;
    if (first === -1 || wasBefore(choice.fleet.candidates[position]!, choice.fleet.candidates[first]!))
      first = position;
  }
  return first;
}

/** Of two registered in one millisecond always the same. */
const wasBefore = (a: Candidate, b: Candidate): boolean => (a.order === b.order ? a.id < b.id : a.order < b.order);

function taken(choice: Choice, position: number, resort: FallbackTier | null, asked: WeightedSet | null): Pick {
  const { fleet, work, wanted } = choice;
  const { preferences } = wanted;
  const candidate = fleet.candidates[position]!;
  const relaxed = isExpressed(preferences)
    ? relaxedFor(candidate, preferences, loadPercentOf(fleet, work, position))
    : NOTHING;
  // Not when it was asked for by name, or because its part had nobody to offer.
  const isOfPart = asked !== null && resort === null && isMember(asked, position);
  const part = isOfPart && candidate.id !== preferences.preferredComponent ? partOf(fleet.settings, candidate) : null;
  return { ok: true, position, candidate, relaxed, resort, part };
}

const NOTHING: readonly PreferenceName[] = [];

/** Whether the caller waits for room, or asks for what is not there. */
function whyNobody(choice: Choice, tiers: readonly Tier[]): NoPick['reason'] {
  const { fleet, work, wanted } = choice;
  if (tiers.every(({ set }) => sizeWithout(wanted.assumedDown, fleet, set) === 0)) return 'no-healthy-components';
  if (!wanted.preferences.strict) return 'at-capacity';
  const isAwaited = (position: number): boolean =>
    meetsPreferences(fleet, work, position, wanted) &&
    !hasCapacity(fleet, work, position, wanted) &&
    !isGone(fleet, position, wanted);
  const awaited = tiers.some(({ set }) => set.members.subarray(0, set.size).some(isAwaited));
  return awaited ? 'at-capacity' : 'preferences-unmet';
}
