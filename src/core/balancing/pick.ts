/**
 * The routing decision: health → traffic split → preferences → capacity → policy.
 *
 * `sampled` is for whoever decides on a snapshot, `exact` for whoever knows the load. Both go the same way and
 * differ only in how many they look at.
 */
import { ownerOf, unitOf } from './affinity.ts';
import type { Choice } from './best-of.ts';
import { bestOfAll, bestOfSample, hasAnyRoom } from './best-of.ts';
import type { Candidate } from './candidate.ts';
import type { Wanted } from './eligible.ts';
import { hasRoom, loadPercentOf, meetsPreferences } from './eligible.ts';
import type { Fleet } from './fleet.ts';
import { healthyWith, isPanicking } from './fleet.ts';
import { hashOf } from '../hash.ts';
import type { OpenWork } from './open-work.ts';
import type { Task } from './policies/policy.ts';
import type { PreferenceName, Preferences } from './preferences.ts';
import { isPicky, relaxedFor } from './preferences.ts';
import type { WeightedSet } from './weighted-set.ts';
import { isMember } from './weighted-set.ts';

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

/** Why the chosen one was asked although it is not plainly healthy. */
export type Resort = 'doubtful' | 'panic' | 'fail-open';

export type Pick =
  | {
      readonly ok: true;
      readonly position: number;
      readonly candidate: Candidate;
      readonly relaxed: readonly PreferenceName[];
      readonly resort: Resort | null;
    }
  | NoPick;

export interface NoPick {
  readonly ok: false;
  readonly reason: 'no-healthy-components' | 'at-capacity' | 'preferences-unmet';
}

export function pickComponent(fleet: Fleet, request: RouteRequest, context: PickContext): Pick {
  const { preferences, slots, assumedDown } = request;
  const wanted: Wanted = { preferences, slots, assumedDown };
  const choice: Choice = { fleet, work: context.work, task: taskOf(fleet, request), wanted, random: context.random };
  const tiers = tiersOf(fleet);
  for (const { set, resort } of tiers) {
    const position = pickFrom(choice, set, request, context);
    if (position !== -1) return taken(choice, position, resort);
    // Whoever has room but is not wanted: under `strict` nobody of another tier is wanted instead.
    if (preferences.strict && hasAnyRoom(choice, set)) return { ok: false, reason: whyNobody(choice, tiers) };
  }
  return { ok: false, reason: whyNobody(choice, tiers) };
}

export function taskOf(fleet: Fleet, { taskType, location }: RouteRequest): Task {
  return {
    supporters: taskType === null ? null : (fleet.traits.capability.get(taskType)?.holders ?? null),
    near: location === null ? null : (fleet.traits.location.get(location)?.holders ?? null),
  };
}

interface Tier {
  readonly set: WeightedSet;
  readonly resort: Resort | null;
}

/** Who is asked in which order. */
export function tiersOf(fleet: Fleet): readonly Tier[] {
  const { healthy, doubtful, active, settings } = fleet;
  if (isPanicking(fleet)) return [{ set: active, resort: 'panic' }];
  if (healthy.size + doubtful.size === 0 && settings.noHealthyPolicy === 'fail-open')
    return [{ set: active, resort: 'fail-open' }];
  return doubtful.size === 0
    ? [{ set: healthy, resort: null }]
    : [
        { set: healthy, resort: null },
        { set: doubtful, resort: 'doubtful' },
      ];
}

/** The position of who is given the work, of this tier; -1 for nobody. */
function pickFrom(choice: Choice, tier: WeightedSet, request: RouteRequest, context: PickContext): number {
  const { fleet, wanted } = choice;
  if (!fleet.settings.loadBalancingEnabled) return firstRegistered(choice, tier);
  const preferred = preferredOf(choice, tier);
  if (preferred !== -1) return preferred;
  const part = tier === fleet.healthy ? partAsked(fleet, request, context) : null;
  const picky = isPicky(wanted.preferences);
  // What a caller asks for by name goes before the split of the rest.
  if (picky) {
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
  if (affinityKey !== null) return ownerOf(choice, set, affinityKey, picky);
  return mode === 'exact' ? bestOfAll(choice, set, picky) : bestOfSample(choice, set, picky);
}

/** The smallest group that a preference names; null when none names one. */
function groupAsked(fleet: Fleet, { location, capabilities }: Preferences): WeightedSet | null {
  let smallest = location === undefined ? null : healthyWith(fleet, 'location', location);
  for (const capability of capabilities ?? []) {
    const group = healthyWith(fleet, 'capability', capability);
    if (!smallest || group.size < smallest.size) smallest = group;
  }
  return smallest;
}

/** The part of the split that a request falls into, the same one for the same affinity key; null without a split. */
function partAsked(fleet: Fleet, { affinityKey }: RouteRequest, { splitAt }: PickContext): WeightedSet | null {
  const { trafficSplit } = fleet.settings;
  if (trafficSplit.length === 0) return null;
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
  return hasRoom(fleet, work, position, wanted) && meetsPreferences(fleet, work, position, wanted) ? position : -1;
}

/** Without load balancing everything goes to whoever was there first. */
function firstRegistered({ fleet, work, wanted }: Choice, tier: WeightedSet): number {
  let first = -1;
  for (let slot = 0; slot < tier.size; slot++) {
    const position = tier.members[slot]!;
    if (!hasRoom(fleet, work, position, wanted)) continue;
    if (first === -1 || fleet.candidates[position]!.order < fleet.candidates[first]!.order) first = position;
  }
  return first;
}

function taken(choice: Choice, position: number, resort: Resort | null): Pick {
  const { fleet, work, wanted } = choice;
  const candidate = fleet.candidates[position]!;
  const relaxed = relaxedFor(candidate, wanted.preferences, loadPercentOf(fleet, work, position));
  return { ok: true, position, candidate, relaxed, resort };
}

/** Whether the caller waits for room, or asks for what is not there. */
function whyNobody(choice: Choice, tiers: readonly Tier[]): NoPick['reason'] {
  const { fleet, work, wanted } = choice;
  if (tiers.every(({ set }) => set.size === 0)) return 'no-healthy-components';
  if (!wanted.preferences.strict) return 'at-capacity';
  const isAwaited = (position: number): boolean =>
    meetsPreferences(fleet, work, position, wanted) && !hasRoom(fleet, work, position, wanted);
  const awaited = tiers.some(({ set }) => set.members.subarray(0, set.size).some(isAwaited));
  return awaited ? 'at-capacity' : 'preferences-unmet';
}
