/**
 * A type's components compiled for deciding: numbers in typed arrays by position, and weighted sets of who
 * may be given work, so that a decision looks at no more of them than it samples.
 *
 * Compiled whole once; after that patched at the positions that changed, in place, because a fleet of ten
 * thousand is not compiled anew for a hundred changes. To whoever decides it is read-only.
 */
import type { BalancingSettings } from './balancing-settings.ts';
import type { Candidate } from './candidate.ts';
import { whyNotRoutable } from './candidate.ts';
import { hashOf } from '../hash.ts';
import { matchesMetadata } from './preferences.ts';
import type { Tiers } from './tier.ts';
import { tiersFrom } from './tier.ts';
import { isRemembered, ewmaAfter, typicalUnmeasured } from './typical-time.ts';
import type { WeightedSet } from './weighted-set.ts';
import { emptySet, setWeight } from './weighted-set.ts';

export interface CandidatePool {
  readonly settings: BalancingSettings;
  /** By position; null where none is. */
  readonly candidates: (Candidate | null)[];
  readonly positions: Map<string, number>;
  /** By position. */
  idHashes: Uint32Array;
  /** Work it is made for: weight × most tasks at once × slow start. By position. */
  capacity: Float64Array;
  /** Work it is meant to get: capacity ÷ usual response time. By position. */
  rate: Float64Array;
  /** Usual response time, ms; 0 where it was not measured. As the registry told, then as it is learned. By position. */
  usualMs: Float64Array;
  /** Epoch ms when it was told or learned. By position. */
  learnedAt: Float64Array;
  /** Most tasks at once; Infinity where it does not say. By position. */
  room: Float64Array;
  /** Sums over those that may be given work, and how many they are. */
  rateTotal: number;
  capacityTotal: number;
  rateCount: number;
  /** Routable, healthy, unsuspected. */
  readonly healthy: WeightedSet;
  /** Routable, but degraded or suspect: asked when no healthy one has room. */
  readonly doubtful: WeightedSet;
  /** Active, whatever their health: asked in a panic. */
  readonly active: WeightedSet;
  /** Those sets, as they are asked one after the other. */
  readonly tiers: Tiers;
  /** 1 where degraded or suspect. By position. */
  doubt: Uint8Array;
  /** What components have in common, by kind and name; nobody has what is not named here. */
  readonly traits: Readonly<Record<TraitKind, Map<string, Trait>>>;
  /** Positions still in slow start. */
  readonly ramping: Set<number>;
  /** Epoch ms when times were last let fade. */
  forgotAt: number;
  /** Times are those of work, because there are any; else those of health checks. */
  readonly goesByWork: boolean;
  /** How many have a time of work. */
  timedByWork: number;
  /** What those are taken for who do not say, or were not measured: the means when it was compiled. */
  readonly meanRoom: number;
  readonly meanUsualMs: number;
  /** The same as they are by now. */
  readonly rooms: RunningMean;
  readonly usualTimes: RunningMean;
}

/** A location, a task type or flag, a part of the traffic split (by its number). */
export type TraitKind = 'location' | 'capability' | 'part';

export interface Trait {
  /** 1 for whoever has it, healthy or not. By position. */
  holders: Uint8Array;
  count: number;
  /** The healthy ones of them: gathered when first asked for, kept up from then on. */
  healthy: WeightedSet | null;
}

interface RunningMean {
  sum: number;
  count: number;
}

/** Response times that differ by less than this tell nothing about the work. */
const RESOLUTION_MS = 10;
/** Part by which a mean may move before those that are taken for it are weighed anew. */
const DRIFT = 0.2;
/** What a component that is back begins with. */
const FIRST_SHARE = 0.1;

export function compilePool(
  candidates: readonly (Candidate | null)[],
  settings: BalancingSettings,
  now: number,
): CandidatePool {
  const { length } = candidates;
  const goesByWork = candidates.some((candidate) => candidate?.vitals.ofWork);
  const [healthy, doubtful, active] = [emptySet(length), emptySet(length), emptySet(length)];
  const fleet: CandidatePool = {
    settings,
    candidates: [],
    positions: new Map(),
    idHashes: new Uint32Array(length),
    capacity: new Float64Array(length),
    rate: new Float64Array(length),
    usualMs: new Float64Array(length),
    learnedAt: new Float64Array(length),
    room: new Float64Array(length),
    rateTotal: 0,
    capacityTotal: 0,
    rateCount: 0,
    healthy,
    doubtful,
    active,
    tiers: tiersFrom(healthy, doubtful, active),
    doubt: new Uint8Array(length),
    traits: { location: new Map(), capability: new Map(), part: new Map() },
    ramping: new Set(),
    forgotAt: now,
    goesByWork,
    timedByWork: 0,
    meanRoom: meanOf(candidates, ({ maxConcurrentTasks }) => maxConcurrentTasks) ?? 1,
    meanUsualMs: Math.max(
      RESOLUTION_MS,
      meanOf(candidates, ({ vitals }) => toldMs(goesByWork, vitals)) ?? RESOLUTION_MS,
    ),
    rooms: { sum: 0, count: 0 },
    usualTimes: { sum: 0, count: 0 },
  };
  candidates.forEach((candidate, position) => patchPool(fleet, position, candidate, now));
  return fleet;
}

/** Puts a candidate, or nobody, at a position; behind the last one the fleet grows. */
export function patchPool(fleet: CandidatePool, position: number, candidate: Candidate | null, now: number): void {
  reserve(fleet, position);
  while (fleet.candidates.length < position) patchPool(fleet, fleet.candidates.length, null, now);
  const before = fleet.candidates[position] ?? null;
  const isAnother = before?.id !== candidate?.id;
  if (isAnother && before && fleet.positions.get(before.id) === position) fleet.positions.delete(before.id);
  if (isAnother && candidate) {
    fleet.idHashes[position] = hashOf(candidate.id);
    fleet.positions.set(candidate.id, position);
  }
  fleet.candidates[position] = candidate;
  if (!hasSameTraits(before, candidate)) {
    if (before) eachTrait(fleet.settings, before, (kind, name) => drop(fleet, kind, name, position));
    if (candidate) eachTrait(fleet.settings, candidate, (kind, name) => hold(fleet, kind, name, position));
  }
  move(fleet.rooms, before?.maxConcurrentTasks, candidate?.maxConcurrentTasks);
  const toldBefore = before && toldMs(fleet.goesByWork, before.vitals);
  const told = candidate && toldMs(fleet.goesByWork, candidate.vitals);
  move(fleet.usualTimes, toldBefore, told);
  fleet.timedByWork += (candidate?.vitals.ofWork ? 1 : 0) - (before?.vitals.ofWork ? 1 : 0);
  if (candidate && rampOf(candidate, fleet.settings, now) < 1) fleet.ramping.add(position);
  else fleet.ramping.delete(position);
  // What did not move was not told again: what was learned since is newer.
  if (isAnother || toldBefore !== told) {
    // No time at all was measured as well.
    fleet.usualMs[position] = told == null ? 0 : Math.max(told, Number.MIN_VALUE);
    fleet.learnedAt[position] = now;
  }
  weigh(fleet, position, now);
}

/** Takes in how long a piece of work took there. Draws follow when the position is next patched. */
export function learnTime(fleet: CandidatePool, position: number, latencyMs: number, now: number): void {
  // The first times of work cannot be compared with those of checks: the registry tells of them soon.
  if (!fleet.goesByWork) return;
  const before = fleet.usualMs[position]! || fleet.meanUsualMs;
  fleet.usualMs[position] = ewmaAfter(before, latencyMs, now - fleet.learnedAt[position]!);
  fleet.learnedAt[position] = now;
  reckonRate(fleet, position);
}

/** Lets the times of slow ones fade that were not measured for a while: to be called about once a second. */
export function forgetTimes(fleet: CandidatePool, now: number): void {
  const sinceMs = Math.max(0, now - fleet.forgotAt);
  fleet.forgotAt = now;
  // Checks go on whether there is work or not.
  if (!fleet.goesByWork) return;
  const typical = typicalMs(fleet);
  const { candidates, usualMs, learnedAt } = fleet;
  for (let position = 0; position < candidates.length; position++) {
    const unmeasuredMs = now - learnedAt[position]!;
    if (isRemembered(unmeasuredMs)) continue;
    const before = workMsAt(fleet, position);
    const after = typicalUnmeasured(before, typical, unmeasuredMs, sinceMs);
    if (after === before) continue;
    usualMs[position] = after;
    reckonRate(fleet, position);
  }
}

/** Brings those in slow start to where they are at `now`. */
export function advancePool(fleet: CandidatePool, now: number): void {
  for (const position of fleet.ramping) {
    const candidate = fleet.candidates[position]!;
    if (candidate && rampOf(candidate, fleet.settings, now) < 1) weigh(fleet, position, now);
    else patchPool(fleet, position, candidate, now);
  }
}

/** Whether it has changed so much since it was compiled that it must be compiled anew. */
export const isOutgrown = (fleet: CandidatePool): boolean =>
  fleet.goesByWork !== fleet.timedByWork > 0 ||
  hasDrifted(fleet.meanRoom, fleet.rooms, 1) ||
  hasDrifted(fleet.meanUsualMs, fleet.usualTimes, RESOLUTION_MS);

function hasDrifted(compiled: number, { sum, count }: RunningMean, least: number): boolean {
  const mean = Math.max(count === 0 ? compiled : sum / count, least);
  return Math.abs(mean - compiled) > DRIFT * compiled;
}

/** A time that can be compared with those of the others: of work where there are any, else of checks. */
const toldMs = (goesByWork: boolean, { usualMs, ofWork }: Candidate['vitals']): number | null =>
  ofWork === goesByWork ? usualMs : null;

export const isSuspectAt = (candidate: Candidate): boolean =>
  candidate.status !== 'healthy' || candidate.vitals.suspect;

/** The rate of an average one of those that may be given work. */
export const meanRateOf = ({ rateTotal, rateCount, meanRoom, meanUsualMs }: CandidatePool): number =>
  rateTotal > 0 ? rateTotal / rateCount : meanRoom / meanUsualMs;

/** The work a component is meant to get, 1 for an average one of those that may be given any. */
export const paceOf = (fleet: CandidatePool, position: number): number => fleet.rate[position]! / meanRateOf(fleet);

/** What work takes usually at those that may be given any, ms, each counted by its capacity. */
export const typicalMs = ({ capacityTotal, rateTotal, meanUsualMs }: CandidatePool): number =>
  rateTotal > 0 ? capacityTotal / rateTotal : meanUsualMs;

/** The healthy ones that have a trait. Callers may name what nobody has: nothing is kept of that. */
export function healthyWith(fleet: CandidatePool, kind: TraitKind, name: string): WeightedSet {
  const trait = fleet.traits[kind].get(name);
  if (!trait) return NOBODY;
  if (trait.healthy) return trait.healthy;
  const set = emptySet(fleet.candidates.length);
  for (let slot = 0; slot < fleet.healthy.size; slot++) {
    const position = fleet.healthy.members[slot]!;
    if (trait.holders[position] === 1) setWeight(set, position, fleet.healthy.weights[position]!);
  }
  trait.healthy = set;
  return set;
}

const NOBODY = emptySet(0);

/** Only numbers move from one second to the next: then all else is the very same. */
const hasSameTraits = (a: Candidate | null, b: Candidate | null): boolean =>
  a?.metadata === b?.metadata && a?.location === b?.location && a?.taskTypes === b?.taskTypes && a?.flags === b?.flags;

function eachTrait(
  settings: BalancingSettings,
  candidate: Candidate,
  visit: (kind: TraitKind, name: string) => void,
): void {
  for (const name of candidate.taskTypes) visit('capability', name);
  for (const name of candidate.flags) visit('capability', name);
  if (candidate.location !== null) visit('location', candidate.location);
  if (settings.trafficSplit.length > 0) visit('part', String(partOf(settings, candidate)));
}

function hold({ traits, capacity }: CandidatePool, kind: TraitKind, name: string, position: number): void {
  let trait = traits[kind].get(name);
  if (!trait) traits[kind].set(name, (trait = { holders: new Uint8Array(capacity.length), count: 0, healthy: null }));
  // Named as task type and as flag it is still one.
  if (trait.holders[position] === 0) trait.count += 1;
  trait.holders[position] = 1;
}

function drop({ traits }: CandidatePool, kind: TraitKind, name: string, position: number): void {
  const trait = traits[kind].get(name);
  if (trait?.holders[position] !== 1) return;
  trait.holders[position] = 0;
  trait.count -= 1;
  if (trait.healthy) setWeight(trait.healthy, position, 0);
  if (trait.count === 0) traits[kind].delete(name);
}

/** The part of the traffic split that a candidate belongs to; `parts.length` for the rest. */
export function partOf({ trafficSplit }: BalancingSettings, candidate: Candidate): number {
  const part = trafficSplit.findIndex(({ match }) => matchesMetadata(candidate, match));
  return part === -1 ? trafficSplit.length : part;
}

/** Works out the numbers of a position and which sets it belongs to. */
function weigh(fleet: CandidatePool, position: number, now: number): void {
  const candidate = fleet.candidates[position] ?? null;
  const isActive = candidate !== null && candidate.lifecycle === 'active' && candidate.weight > 0;
  const isRoutable = candidate !== null && whyNotRoutable(candidate) === null;
  const room = candidate?.maxConcurrentTasks ?? Infinity;
  if (isMemberOfEither(fleet, position)) count(fleet, position, -1);
  fleet.room[position] = room;
  fleet.capacity[position] = candidate
    ? candidate.weight * (candidate.maxConcurrentTasks ?? fleet.meanRoom) * rampOf(candidate, fleet.settings, now)
    : 0;
  fleet.rate[position] = fleet.capacity[position] / workMsAt(fleet, position);
  const weight = drawWeight(fleet, position);
  const doubtful = isRoutable && isSuspectAt(candidate);
  setWeight(fleet.healthy, position, isRoutable && !doubtful ? weight : 0);
  setWeight(fleet.doubtful, position, doubtful ? weight : 0);
  setWeight(fleet.active, position, isActive ? weight : 0);
  fleet.doubt[position] = candidate && isSuspectAt(candidate) ? 1 : 0;
  if (candidate)
    eachTrait(fleet.settings, candidate, (kind, name) => {
      const { healthy = null } = fleet.traits[kind].get(name) ?? {};
      if (healthy) setWeight(healthy, position, isRoutable && !doubtful ? weight : 0);
    });
  if (isRoutable) count(fleet, position, 1);
}

function reckonRate(fleet: CandidatePool, position: number): void {
  const isCounted = isMemberOfEither(fleet, position);
  if (isCounted) count(fleet, position, -1);
  fleet.rate[position] = fleet.capacity[position]! / workMsAt(fleet, position);
  if (isCounted) count(fleet, position, 1);
}

/** What work there takes, as far as it tells anything. */
export const workMsAt = (fleet: CandidatePool, position: number): number =>
  Math.max(RESOLUTION_MS, fleet.usualMs[position]! || fleet.meanUsualMs);

function move(mean: RunningMean, before: number | null | undefined, after: number | null | undefined): void {
  if (before != null) {
    mean.sum -= before;
    mean.count -= 1;
  }
  if (after != null) {
    mean.sum += after;
    mean.count += 1;
  }
}

const isMemberOfEither = ({ healthy, doubtful }: CandidatePool, position: number): boolean =>
  (healthy.slots[position] ?? -1) !== -1 || (doubtful.slots[position] ?? -1) !== -1;

function count(fleet: CandidatePool, position: number, sign: 1 | -1): void {
  fleet.rateCount += sign;
  const isEmpty = fleet.rateCount === 0;
  fleet.rateTotal = isEmpty ? 0 : fleet.rateTotal + sign * fleet.rate[position]!;
  fleet.capacityTotal = isEmpty ? 0 : fleet.capacityTotal + sign * fleet.capacity[position]!;
}

/** How likely a policy draws a position: never 0, the tiniest weight is still a weight. */
function drawWeight({ settings, rate, capacity }: CandidatePool, position: number): number {
  switch (settings.policy) {
    case 'least-time':
      return Math.max(Number.MIN_VALUE, rate[position]!);
    case 'score':
    case 'least-load':
      return Math.max(Number.MIN_VALUE, capacity[position]!);
    case 'round-robin':
    case 'random':
      return 1;
    default:
      return settings.policy satisfies never;
  }
}

/** Grows to the full share in a straight line (Envoy's slow start with aggression 1). */
function rampOf({ backSince }: Candidate, { slowStartMs }: BalancingSettings, now: number): number {
  if (backSince === null || slowStartMs === 0) return 1;
  return Math.min(1, Math.max(FIRST_SHARE, (now - backSince) / slowStartMs));
}

function reserve(fleet: CandidatePool, position: number): void {
  if (position < fleet.capacity.length) return;
  const length = Math.max(position + 1, fleet.capacity.length * 2);
  for (const name of ['capacity', 'rate', 'room', 'usualMs', 'learnedAt'] as const) {
    const next = new Float64Array(length);
    next.set(fleet[name]);
    fleet[name] = next;
  }
  fleet.doubt = grownBytes(fleet.doubt, length);
  for (const traits of Object.values(fleet.traits))
    for (const trait of traits.values()) trait.holders = grownBytes(trait.holders, length);
  const idHashes = new Uint32Array(length);
  idHashes.set(fleet.idHashes);
  fleet.idHashes = idHashes;
}

function grownBytes(bytes: Uint8Array, length: number): Uint8Array {
  const next = new Uint8Array(length);
  next.set(bytes);
  return next;
}

function meanOf(candidates: readonly (Candidate | null)[], of: (candidate: Candidate) => number | null): number | null {
  let [sum, known] = [0, 0];
  for (const candidate of candidates) {
    const value = candidate && of(candidate);
    if (value === null) continue;
    sum += value;
    known += 1;
  }
  return known === 0 ? null : sum / known;
}
