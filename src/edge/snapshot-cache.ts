/**
 * An isolate's fleets: what edge routing decides from, without a call.
 *
 * A fleet older than 1 s is refreshed in the background, one older than the configured age before it is
 * served; one that cannot be refreshed serves on and is marked stale. The refresh carries what the isolate
 * gave and was told, and what was configured when the registry has not heard of it; it brings what changed. All
 * who wait share one refresh.
 */
import type { BalancingSettings } from '../core/balancing/balancing-settings.ts';
import { DEFAULT_BALANCING } from '../core/balancing/balancing-settings.ts';
import type { Outcomes } from '../core/component/load.ts';
import type { EffectiveType, TypeOverrides } from '../core/config/effective-config.ts';
import { DEFAULT_CONFIG } from '../core/config/system-config.ts';
import { sleep } from '../long-poll/sleep.ts';
import { settlesWithin } from '../long-poll/with-timeout.ts';
import { BlockCache } from './block-cache.ts';
import type { EdgeSnapshot } from './edge-snapshot.ts';
import {
  applyDelta,
  endWork,
  restoreAssignments,
  observeLatency,
  newEdgeSnapshot,
  countOutcomes,
  drainOutcomes,
  drainAssignments,
  applySettings,
} from './edge-snapshot.ts';
import { registryOf } from '../registry/contract/registry-api.ts';

export interface FreshSnapshot {
  readonly edge: EdgeSnapshot;
  readonly stale: boolean;
}

interface Entry {
  readonly edge: EdgeSnapshot;
  fetchedAt: number;
  /** How often it was. */
  fetches: number;
  refreshing: Promise<void> | null;
  refreshBeganAt: number;
  readonly blocks: BlockCache;
  /** When the blocks were looked after last. */
  keptAt: number;
  /** Of the settings that the registry goes by, as it said last. */
  configRevision: number;
}

type WaitUntil = (work: Promise<unknown>) => void;

const BACKGROUND_REFRESH_MS = 1_000;
/** How long a foreground refresh may keep a caller waiting before the last snapshot serves. */
const REFRESH_TIMEOUT_MS = 1_000;
/** Reports that cannot be brought to the registry by then wait for whoever routes next. */
const FLUSH_TRIES = 5;
/** A refresh that has not answered by then is not waited for any more: a new one begins. */
const GIVE_UP_MS = 5_000;

/** The platform lets work go on for half a minute behind an answer. */
const KEEPER_ROUNDS = 20;
const KEEPER_LOST_MS = 5_000;

const entries = new Map<string, Entry>();
let types: ReadonlyMap<string, EffectiveType> = new Map();

/** Has the fleets decide by these types' settings from now on. */
export function useTypes(configured: ReadonlyMap<string, EffectiveType>, now: number): void {
  if (configured === types) return;
  types = configured;
  for (const [type, { edge }] of entries) applySettings(edge, settingsOf(type), now);
}

/** The fleet of a type when it can serve at once; otherwise see `freshSnapshot`. */
export function edgeSnapshot(type: string, now: number, waitUntil: WaitUntil): EdgeSnapshot | null {
  const entry = entries.get(type);
  // A clock that went back tells nothing of its age.
  const age = entry && now >= entry.fetchedAt ? now - entry.fetchedAt : Infinity;
  if (!entry || age >= (types.get(type)?.config ?? DEFAULT_CONFIG).snapshotMaxAgeMs) return null;
  if (age >= BACKGROUND_REFRESH_MS && !entry.refreshing) void refresh(type, waitUntil);
  return entry.edge;
}

/** The fleet after a refresh that was waited for; null when there is none and the registry is away. */
export async function freshSnapshot(type: string, waitUntil: WaitUntil): Promise<FreshSnapshot | null> {
  const entry = entries.get(type) ?? newEntry(type);
  const before = entry.fetches;
  const refreshing = refresh(type, waitUntil);
  // Whoever comes later to a refresh that hangs waits only for what is left.
  await settlesWithin(refreshing, Math.min(REFRESH_TIMEOUT_MS, entry.refreshBeganAt + REFRESH_TIMEOUT_MS - Date.now()));
  return entry.fetchedAt > 0 ? { edge: entry.edge, stale: entry.fetches === before } : null;
}

/** Whether the isolate's fleet has no such component. A fleet that was never fetched tells nothing. */
export function isMissing(type: string, id: string): boolean {
  const entry = entries.get(type);
  return entry !== undefined && entry.fetchedAt > 0 && !entry.edge.fleet.positions.has(id);
}

/** Work that a component has in flight as far as the isolate knows; a block of leases counts as a whole. */
export function inFlightAt(type: string, id: string): number {
  const { fleet, work } = (entries.get(type) ?? newEntry(type)).edge;
  return Math.max(0, Math.round(work.open[fleet.positions.get(id) ?? -1] ?? 0));
}

/**
 * Takes in what callers report of a component's work. The registry gets it with the next refresh, which is
 * within a second or so also where nobody routes.
 */
export function noteOutcomes(
  type: string,
  id: string,
  outcomes: Outcomes,
  { inFlight, waitUntil }: { readonly inFlight: number | null; readonly waitUntil: WaitUntil },
): void {
  const entry = entries.get(type) ?? newEntry(type);
  for (let at = 0; at < outcomes.ended; at++) endWork(entry.edge, id, inFlight);
  if (outcomes.timed > 0) observeLatency(entry.edge, id, outcomes.latencyMs / outcomes.timed, Date.now());
  const isFirst = entry.edge.reported.size === 0;
  countOutcomes(entry.edge, id, outcomes);
  if (isFirst) waitUntil(flushSoon(type, entry, waitUntil));
}

/** The blocks of leases that the isolate holds of a type. */
export const blocksOf = (type: string): BlockCache => (entries.get(type) ?? newEntry(type)).blocks;

/** Sees to it that the registry hears of the isolate's blocks each second, also where nobody calls: what idles is returned. */
export function keepInTouch(type: string, waitUntil: WaitUntil): void {
  const entry = entries.get(type) ?? newEntry(type);
  // Whoever looks after them may have been stopped with the call that it came with.
  if (Math.abs(Date.now() - entry.keptAt) < KEEPER_LOST_MS) return;
  entry.keptAt = Date.now();
  waitUntil(lookAfterBlocks(type, entry, waitUntil));
}

async function lookAfterBlocks(type: string, entry: Entry, waitUntil: WaitUntil): Promise<void> {
  for (let round = 0; round < KEEPER_ROUNDS && entry.blocks.size > 0; round++) {
    await sleep(BACKGROUND_REFRESH_MS);
    entry.keptAt = Date.now();
    if (Date.now() - entry.fetchedAt >= BACKGROUND_REFRESH_MS)
      await settlesWithin(refresh(type, waitUntil), GIVE_UP_MS);
  }
  entry.keptAt = 0;
}

async function flushSoon(type: string, entry: Entry, waitUntil: WaitUntil): Promise<void> {
  for (let tries = 0; tries < FLUSH_TRIES && entry.edge.reported.size > 0; tries++) {
    // One under way has left without it.
    if (entry.refreshing) await settlesWithin(entry.refreshing, GIVE_UP_MS);
    const since = tries === 0 ? entry.fetchedAt : Date.now();
    await sleep(Math.min(BACKGROUND_REFRESH_MS, since + BACKGROUND_REFRESH_MS - Date.now()));
    if (entry.edge.reported.size > 0) await settlesWithin(refresh(type, waitUntil), GIVE_UP_MS);
  }
}

/**
 * Refreshes once however many ask; never rejects. It goes on behind the answer to whoever began it, or it would die
 * with that request.
 */
function refresh(type: string, waitUntil: WaitUntil): Promise<void> {
  const entry = entries.get(type) ?? newEntry(type);
  const now = Date.now();
  if (entry.refreshing && now >= entry.refreshBeganAt && now - entry.refreshBeganAt < GIVE_UP_MS)
    return entry.refreshing;
  const isCurrent = (): boolean => entry.refreshing === begun;
  const begun: Promise<void> = fetchInto(type, entry, isCurrent).finally(() => {
    if (isCurrent()) entry.refreshing = null;
  });
  entry.refreshing = begun;
  entry.refreshBeganAt = now;
  waitUntil(begun);
  return begun;
}

function newEntry(type: string): Entry {
  const entry: Entry = {
    edge: newEdgeSnapshot(settingsOf(type)),
    fetchedAt: 0,
    fetches: 0,
    refreshing: null,
    refreshBeganAt: 0,
    blocks: new BlockCache(),
    keptAt: 0,
    configRevision: -1,
  };
  entries.set(type, entry);
  return entry;
}

const settingsOf = (type: string): BalancingSettings => types.get(type)?.balancing ?? DEFAULT_BALANCING;

/** One that was given up and answers late changes nothing: a newer one may have been quicker. */
async function fetchInto(type: string, entry: Entry, isCurrent: () => boolean): Promise<void> {
  const { edge } = entry;
  const { place } = edge;
  const given = drainAssignments(edge);
  const reported = drainOutcomes(edge);
  const blocks = entry.blocks.report(Date.now());
  try {
    const config = newerConfig(type, entry);
    const answer = await registryOf(type).sync({ edge: edgeId(), place, given, reported, blocks, config });
    // Late or not: what it says of blocks is so.
    entry.blocks.apply(answer.blocks);
    if (!isCurrent()) return;
    // Of another epoch the registry cannot say to whom it was given; here that is known.
    if (answer.epoch !== place?.epoch) restoreAssignments(edge, given);
    applyDelta(edge, answer, { settings: settingsOf(type), decider: answer.decider }, Date.now());
    entry.configRevision = answer.configRevision;
    entry.fetchedAt = Date.now();
    entry.fetches++;
  } catch (error) {
    console.error(JSON.stringify({ message: 'snapshot not refreshed', type, error: String(error) }));
    // Told again with the next one. What the registry had taken before it failed counts twice for a while.
    if (edge.place?.epoch === place?.epoch) restoreAssignments(edge, given);
    for (const [id, outcomes] of reported) countOutcomes(edge, id, outcomes);
    entry.blocks.giveBack(blocks);
  }
}

/** What is set for the type, unless its registry goes by that already. */
function newerConfig(type: string, { configRevision }: Entry): TypeOverrides | null {
  const configured = types.get(type);
  if (!configured || configured.revision <= configRevision) return null;
  return { revision: configured.revision, overrides: configured.overrides };
}

let ownId: string | null = null;
/** Not at the start of the isolate: the platform has no random numbers then. */
const edgeId = (): string => (ownId ??= crypto.randomUUID());
