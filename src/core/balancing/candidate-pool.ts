/**
 * Components of one type compiled for routing: typed arrays by position, and weighted sets of the routable ones. A
 * decision looks only at the components that it samples.
 *
 * The pool is compiled once and then patched in place at the positions that changed. Compiling ten thousand components
 * again for a hundred changes would cost too much.
 *
 * Invariant: routing decisions only read a pool.
 */
import type { BalancingSettings } from './balancing-settings.ts';
import type { Candidate } from './candidate.ts';
import { whyNotRoutable } from './candidate.ts';
import { typicalTaskMs } from '../component/work-estimate.ts';
import { hashOf } from '../hash.ts';
import { DRAW_BASIS } from './policies/draw-basis.ts';
import { slowStartFactor } from './slow-start.ts';
import type { Tiers } from './tier.ts';
import { tiersFrom } from './tier.ts';
import { isFresh, ewmaAfter, fadedTowardsTypical } from '../component/typical-time.ts';
import type { TraitKind, Traits } from './traits.ts';
import { addTrait, eachTrait, hasSameTraits, removeTrait } from './traits.ts';
import type { WeightedSet } from './weighted-set.ts';
import { emptySet, setWeight } from './weighted-set.ts';

export interface CandidatePool {
  readonly settings: BalancingSettings;
  /** By position; null for an unused position. */
  readonly candidates: (Candidate | null)[];
  readonly positions: Map<string, number>;
  /** By position. */
  idHashes: Uint32Array;
  /** Capacity: weight × `maxConcurrentTasks` × slow start factor. By position. */
  capacity: Float64Array;
  /** Target rate: capacity ÷ average response time. By position. */
  rate: Float64Array;
  /**
   * Moving average of the response time, ms; 0 if never measured. The registry supplies the first value, and local
   * measurements update it. By position.
   */
  ewmaMs: Float64Array;
  /** Epoch ms of the last measurement or registry value. By position. */
  measuredAt: Float64Array;
  /** `maxConcurrentTasks`; Infinity if the component declares none. By position. */
  taskLimit: Float64Array;
  /**
   * Typical task time, ms, over which estimated work decays: measured from outcomes, otherwise assumed. Never the
   * response time of a health check. By position.
   */
  taskMs: Float64Array;
  /** Sums over the routable components, and their number. */
  rateTotal: number;
  capacityTotal: number;
  routableCount: number;
  /** Routable, healthy and not suspect. */
  readonly healthy: WeightedSet;
  /** Routable but degraded or suspect: used if no healthy component has capacity. */
  readonly suspect: WeightedSet;
  /** Active, whatever the health: used below the panic threshold and by `fail-open`. */
  readonly active: WeightedSet;
  /** The sets above in the orders in which a decision tries them. */
  readonly tiers: Tiers;
  /** 1 if degraded or suspect. By position. */
  suspectFlags: Uint8Array;
  readonly traits: Traits;
  readonly ramping: Set<number>;
  /** Epoch ms at which `fadeTimes` last ran. */
  fadedAt: number;
  /** True if response times are those of work, because the registry has any; false if those of health checks. */
  readonly usesWorkTimes: boolean;
  /** Number of components with a response time of work. */
  workTimeCount: number;
  /** Means at compilation. The pool uses them for components without a declared limit or a measurement. */
  readonly meanTaskLimit: number;
  readonly meanEwmaMs: number;
  /** The same means, kept current. */
  readonly taskLimits: RunningMean;
  readonly ewmaTimes: RunningMean;
}

interface RunningMean {
  sum: number;
  count: number;
}

/** Smaller differences of response times say nothing about the work. */
const RESOLUTION_MS = 10;
/** Relative change of a mean after which the values derived from it are recompiled. */
const MAX_DRIFT = 0.2;

export function compilePool(
  candidates: readonly (Candidate | null)[],
  settings: BalancingSettings,
  now: number,
): CandidatePool {
  const { length } = candidates;
  const usesWorkTimes = candidates.some((candidate) => candidate?.liveStats.isWorkTime);
  const [healthy, suspect, active] = [emptySet(length), emptySet(length), emptySet(length)];
  const pool: CandidatePool = {
    settings,
    candidates: [],
    positions: new Map(),
    idHashes: new Uint32Array(length),
    capacity: new Float64Array(length),
    rate: new Float64Array(length),
    ewmaMs: new Float64Array(length),
    measuredAt: new Float64Array(length),
    taskLimit: new Float64Array(length),
    taskMs: new Float64Array(length),
    rateTotal: 0,
    capacityTotal: 0,
    routableCount: 0,
    healthy,
    suspect,
    active,
    tiers: tiersFrom(healthy, suspect, active),
    suspectFlags: new Uint8Array(length),
    traits: { location: new Map(), capability: new Map(), part: new Map() },
    ramping: new Set(),
    fadedAt: now,
    usesWorkTimes,
    workTimeCount: 0,
    meanTaskLimit: meanOf(candidates, ({ maxConcurrentTasks }) => maxConcurrentTasks) ?? 1,
    meanEwmaMs: Math.max(
      RESOLUTION_MS,
      meanOf(candidates, ({ liveStats }) => comparableMs(usesWorkTimes, liveStats)) ?? RESOLUTION_MS,
    ),
    taskLimits: { sum: 0, count: 0 },
    ewmaTimes: { sum: 0, count: 0 },
  };
  candidates.forEach((candidate, position) => patchPool(pool, position, candidate, now));
  return pool;
}

/** Sets the candidate of a position, or clears it with null. A position beyond the end extends the pool. */
export function patchPool(pool: CandidatePool, position: number, candidate: Candidate | null, now: number): void {
  growTo(pool, position);
  while (pool.candidates.length < position) patchPool(pool, pool.candidates.length, null, now);
  const before = pool.candidates[position] ?? null;
  const isReplaced = before?.id !== candidate?.id;
  if (isReplaced && before && pool.positions.get(before.id) === position) pool.positions.delete(before.id);
  if (isReplaced && candidate) {
    pool.idHashes[position] = hashOf(candidate.id);
    pool.positions.set(candidate.id, position);
  }
  pool.candidates[position] = candidate;
  if (!hasSameTraits(before, candidate)) {
    if (before) eachTrait(pool.settings, before, (kind, name) => removeTrait(pool.traits, { kind, name, position }));
    if (candidate) {
      const { length } = pool.capacity;
      eachTrait(pool.settings, candidate, (kind, name) => addTrait(pool.traits, { kind, name, position }, length));
    }
  }
  updateMean(pool.taskLimits, before?.maxConcurrentTasks, candidate?.maxConcurrentTasks);
  const timeBefore = before && comparableMs(pool.usesWorkTimes, before.liveStats);
  const time = candidate && comparableMs(pool.usesWorkTimes, candidate.liveStats);
  updateMean(pool.ewmaTimes, timeBefore, time);
  pool.workTimeCount += (candidate?.liveStats.isWorkTime ? 1 : 0) - (before?.liveStats.isWorkTime ? 1 : 0);
  if (candidate && slowStartFactor(candidate, pool.settings, now) < 1) pool.ramping.add(position);
  else pool.ramping.delete(position);
  // The registry sends only times that changed. An unchanged one is older than the local measurements.
  if (isReplaced || timeBefore !== time) {
    // 0 means "never measured", so a measured time of 0 ms is stored as the smallest positive number.
    pool.ewmaMs[position] = time == null ? 0 : Math.max(time, Number.MIN_VALUE);
    pool.measuredAt[position] = now;
  }
  updateWeights(pool, position, now);
}

/** Applies a measured response time of work, ms. Draw weights follow at the next patch of the position. */
export function recordTime(pool: CandidatePool, position: number, latencyMs: number, now: number): void {
  // Times of work and of health checks cannot be compared. The registry soon reports the first times of work.
  if (!pool.usesWorkTimes) return;
  const before = pool.ewmaMs[position]! || pool.meanEwmaMs;
  pool.ewmaMs[position] = ewmaAfter(before, latencyMs, now - pool.measuredAt[position]!);
  pool.measuredAt[position] = now;
  updateRate(pool, position);
}

/**
 * Fades the response times of slow components that have had no recent measurement. Callers run this about once a
 * second.
 */
export function fadeTimes(pool: CandidatePool, now: number): void {
  const sinceMs = Math.max(0, now - pool.fadedAt);
  pool.fadedAt = now;
  // Health checks continue without work, so their times stay current.
  if (!pool.usesWorkTimes) return;
  const typical = typicalMs(pool);
  const { candidates, ewmaMs, measuredAt } = pool;
  for (let position = 0; position < candidates.length; position++) {
    const unmeasuredMs = now - measuredAt[position]!;
    if (isFresh(unmeasuredMs)) continue;
    const before = workMsAt(pool, position);
    const after = fadedTowardsTypical(before, typical, unmeasuredMs, sinceMs);
    if (after === before) continue;
    ewmaMs[position] = after;
    updateRate(pool, position);
  }
}

/** Advances components in slow start to their share at `now`. */
export function advanceSlowStart(pool: CandidatePool, now: number): void {
  for (const position of pool.ramping) {
    const candidate = pool.candidates[position]!;
    if (candidate && slowStartFactor(candidate, pool.settings, now) < 1) updateWeights(pool, position, now);
    else patchPool(pool, position, candidate, now);
  }
}

/** Whether the pool has drifted so far from its compiled means that it must be compiled again. */
export const needsRecompile = (pool: CandidatePool): boolean =>
  pool.usesWorkTimes !== pool.workTimeCount > 0 ||
  hasDrifted(pool.meanTaskLimit, pool.taskLimits, 1) ||
  hasDrifted(pool.meanEwmaMs, pool.ewmaTimes, RESOLUTION_MS);

function hasDrifted(compiled: number, { sum, count }: RunningMean, least: number): boolean {
  const mean = Math.max(count === 0 ? compiled : sum / count, least);
  return Math.abs(mean - compiled) > MAX_DRIFT * compiled;
}

/** The response time if comparable with the rest of the pool: of work or of health checks; null otherwise. */
const comparableMs = (usesWorkTimes: boolean, { ewmaMs, isWorkTime }: Candidate['liveStats']): number | null =>
  isWorkTime === usesWorkTimes ? ewmaMs : null;

export const isSuspect = (candidate: Candidate): boolean =>
  candidate.status !== 'healthy' || candidate.liveStats.suspect;

/**
 * Capacity of a component by its registration and slow start alone. One without a limit counts with the mean limit of
 * the present components, whenever the pool was compiled: isolates with the same components agree.
 */
export function declaredCapacity(pool: CandidatePool, position: number): number {
  const { capacity, taskLimit, taskLimits, meanTaskLimit } = pool;
  if (taskLimit[position] !== Infinity || taskLimits.count === 0) return capacity[position]!;
  return (capacity[position]! * taskLimits.sum) / (taskLimits.count * meanTaskLimit);
}

/** Mean rate of the routable components. */
export const meanRateOf = ({ rateTotal, routableCount, meanTaskLimit, meanEwmaMs }: CandidatePool): number =>
  rateTotal > 0 ? rateTotal / routableCount : meanTaskLimit / meanEwmaMs;

/** Rate of a component as a multiple of the mean rate of the routable components. */
export const relativeRateOf = (pool: CandidatePool, position: number): number =>
  pool.rate[position]! / meanRateOf(pool);

/** Mean response time of the routable components, ms, weighted by capacity. */
export const typicalMs = ({ capacityTotal, rateTotal, meanEwmaMs }: CandidatePool): number =>
  rateTotal > 0 ? capacityTotal / rateTotal : meanEwmaMs;

/** Returns the healthy components with a trait. Callers may name unknown traits, which leave no trace in memory. */
export function healthyWith(pool: CandidatePool, kind: TraitKind, name: string): WeightedSet {
  const trait = pool.traits[kind].get(name);
  if (!trait) return EMPTY_SET;
  if (trait.healthy) return trait.healthy;
  const set = emptySet(pool.candidates.length);
  for (let slot = 0; slot < pool.healthy.size; slot++) {
    const position = pool.healthy.members[slot]!;
    if (trait.holders[position] === 1) setWeight(set, position, pool.healthy.weights[position]!);
  }
  trait.healthy = set;
  return set;
}

const EMPTY_SET = emptySet(0);

/** Computes the numbers of a position and its membership in the sets. */
function updateWeights(pool: CandidatePool, position: number, now: number): void {
  const candidate = pool.candidates[position] ?? null;
  const isActive = candidate !== null && candidate.lifecycle === 'active' && candidate.weight > 0;
  const isRoutable = candidate !== null && whyNotRoutable(candidate) === null;
  const taskLimit = candidate?.maxConcurrentTasks ?? Infinity;
  if (isInTotals(pool, position)) count(pool, position, -1);
  pool.taskLimit[position] = taskLimit;
  pool.capacity[position] = candidate
    ? candidate.weight *
      (candidate.maxConcurrentTasks ?? pool.meanTaskLimit) *
      slowStartFactor(candidate, pool.settings, now)
    : 0;
  pool.rate[position] = pool.capacity[position] / workMsAt(pool, position);
  pool.taskMs[position] = taskMsOf(pool, position);
  const weight = drawWeight(pool, position);
  const suspect = isRoutable && isSuspect(candidate);
  setWeight(pool.healthy, position, isRoutable && !suspect ? weight : 0);
  setWeight(pool.suspect, position, suspect ? weight : 0);
  setWeight(pool.active, position, isActive ? weight : 0);
  pool.suspectFlags[position] = candidate && isSuspect(candidate) ? 1 : 0;
  if (candidate)
    eachTrait(pool.settings, candidate, (kind, name) => {
      const { healthy = null } = pool.traits[kind].get(name) ?? {};
      if (healthy) setWeight(healthy, position, isRoutable && !suspect ? weight : 0);
    });
  if (isRoutable) count(pool, position, 1);
}

function updateRate(pool: CandidatePool, position: number): void {
  const isCounted = isInTotals(pool, position);
  if (isCounted) count(pool, position, -1);
  pool.rate[position] = pool.capacity[position]! / workMsAt(pool, position);
  pool.taskMs[position] = taskMsOf(pool, position);
  if (isCounted) count(pool, position, 1);
}

/** Response time of a component, ms, bounded below by the resolution; the mean if not measured. */
export const workMsAt = (pool: CandidatePool, position: number): number =>
  Math.max(RESOLUTION_MS, pool.ewmaMs[position]! || pool.meanEwmaMs);

function taskMsOf(pool: CandidatePool, position: number): number {
  const isMeasured = pool.usesWorkTimes && (pool.candidates[position]?.liveStats.isWorkTime ?? false);
  return typicalTaskMs(isMeasured ? pool.ewmaMs[position]! : null, pool.settings.assumedTaskMs);
}

function updateMean(mean: RunningMean, before: number | null | undefined, after: number | null | undefined): void {
  if (before != null) {
    mean.sum -= before;
    mean.count -= 1;
  }
  if (after != null) {
    mean.sum += after;
    mean.count += 1;
  }
}

const isInTotals = ({ healthy, suspect }: CandidatePool, position: number): boolean =>
  (healthy.slots[position] ?? -1) !== -1 || (suspect.slots[position] ?? -1) !== -1;

function count(pool: CandidatePool, position: number, sign: 1 | -1): void {
  pool.routableCount += sign;
  const isEmpty = pool.routableCount === 0;
  pool.rateTotal = isEmpty ? 0 : pool.rateTotal + sign * pool.rate[position]!;
  pool.capacityTotal = isEmpty ? 0 : pool.capacityTotal + sign * pool.capacity[position]!;
}

/** Draw weight of a position under the policy. Never 0, so that a component with a tiny weight stays reachable. */
function drawWeight(pool: CandidatePool, position: number): number {
  const basis = DRAW_BASIS[pool.settings.policy];
  return basis === 'even' ? 1 : Math.max(Number.MIN_VALUE, pool[basis][position]!);
}

function growTo(pool: CandidatePool, position: number): void {
  if (position < pool.capacity.length) return;
  const length = Math.max(position + 1, pool.capacity.length * 2);
  for (const name of ['capacity', 'rate', 'taskLimit', 'taskMs', 'ewmaMs', 'measuredAt'] as const) {
    const next = new Float64Array(length);
    next.set(pool[name]);
    pool[name] = next;
  }
  pool.suspectFlags = grownBytes(pool.suspectFlags, length);
  for (const traits of Object.values(pool.traits))
    for (const trait of traits.values()) trait.holders = grownBytes(trait.holders, length);
  const idHashes = new Uint32Array(length);
  idHashes.set(pool.idHashes);
  pool.idHashes = idHashes;
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
