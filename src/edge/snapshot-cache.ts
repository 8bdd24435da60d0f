/**
 * An isolate's snapshots of all types, from which edge routing decides without a call.
 *
 * A snapshot older than 1 s is refreshed in the background, a snapshot older than the configured age before it serves.
 * A snapshot that cannot be refreshed serves on, marked stale. A refresh is one sync with the registry: the isolate
 * sends assignments, outcomes, lease blocks and newer configuration, and receives the changes.
 *
 * The changes of a large type come in pages. The isolate collects them, serves its last snapshot meanwhile, and applies
 * them as a whole. A refresh that is given up leaves its pages to the next one.
 */
import type { BalancingSettings } from '../core/balancing/balancing-settings.ts';
import { DEFAULT_BALANCING } from '../core/balancing/balancing-settings.ts';
import { estimatedAt } from '../core/balancing/open-work.ts';
import type { Outcomes } from '../core/component/load.ts';
import type { DeltaPosition, SnapshotDelta } from '../core/balancing/snapshot-delta.ts';
import { appendPage } from '../core/balancing/snapshot-delta.ts';
import type { EffectiveType, TypeOverrides } from '../core/config/effective-config.ts';
import { DEFAULT_CONFIG } from '../core/config/system-config.ts';
import { sleep } from '../long-poll/sleep.ts';
import type { WaitUntil } from '../long-poll/single-flight.ts';
import { succeedsWithin } from '../long-poll/succeeds-within.ts';
import { LeaseBlockCache } from './lease-block-cache.ts';
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
import type { RefreshAttempt } from './refreshing-cache.ts';
import { RefreshingCache } from './refreshing-cache.ts';
import { registryOf } from '../registry/contract/registry-api.ts';
import type { SyncRequest, SyncResponse } from '../registry/contract/snapshot-api.ts';
import { logError } from '../logging/log-error.ts';

export interface ServedSnapshot {
  readonly edge: EdgeSnapshot;
  readonly stale: boolean;
}

interface Entry {
  readonly edge: EdgeSnapshot;
  /** Holds `edge`, which refreshes change in place. Its age counts from the response of the registry. */
  readonly cache: RefreshingCache<EdgeSnapshot>;
  readonly blocks: LeaseBlockCache;
  /** When the loop that reports the blocks ran last, epoch ms; 0 when it has ended. */
  blocksReportedAt: number;
  /** Revision of the settings that the registry uses, by its last response. */
  configRevision: number;
  /** Pages of changes that are not complete yet; null between two deltas. */
  incoming: IncomingDelta | null;
}

interface IncomingDelta {
  readonly delta: SnapshotDelta;
  readonly next: DeltaPosition;
  /** When the first page arrived, epoch ms: later changes to its components are not in it. */
  readonly asOf: number;
}

const BACKGROUND_REFRESH_MS = 1_000;
/** Time that a request waits for a refresh before the last snapshot serves. */
const REFRESH_TIMEOUT_MS = 1_000;
/** Number of refreshes that try to report outcomes. Outcomes left over wait for the next request that routes. */
const FLUSH_TRIES = 5;
const GIVE_UP_MS = 5_000;
/** With the keys and the configuration: six calls of a request may wait for a response. */
const PREPARED_SNAPSHOTS = 4;

/** One round per second: the platform lets background work continue for 30 s after the response. */
const BLOCK_REPORT_ROUNDS = 20;
/** Silence after which the loop that reports the blocks counts as ended, together with its request. */
const BLOCK_REPORT_LOST_MS = 5_000;

const entries = new Map<string, Entry>();
let types: ReadonlyMap<string, EffectiveType> = new Map();

/** Applies the settings of the configured types to all snapshots. */
export function applyTypeConfigs(configured: ReadonlyMap<string, EffectiveType>, now: number): void {
  if (configured === types) return;
  types = configured;
  for (const [type, { edge }] of entries) applySettings(edge, settingsOf(type), now);
}

/** Returns the snapshot of a type when it can serve at once; otherwise null, see `freshSnapshot`. */
export const cachedSnapshot = (type: string, now: number, waitUntil: WaitUntil): EdgeSnapshot | null =>
  entries.get(type)?.cache.read(now, waitUntil) ?? null;

/**
 * Begins a refresh of the snapshots that served last, where one is due, for a call that first waits for the keys and
 * does not know its type yet.
 */
export function prepareSnapshots(now: number, waitUntil: WaitUntil): void {
  const used = Array.from(entries.values()).filter(({ cache }) => cache.asOf > 0);
  const last = used.toSorted((a, b) => b.cache.asOf - a.cache.asOf).slice(0, PREPARED_SNAPSHOTS);
  for (const { cache } of last) cache.prepare(now, waitUntil);
}

/** Waits for a refresh. Returns null when it fails or takes too long and there is no earlier snapshot. */
export async function refreshedSnapshot(type: string, waitUntil: WaitUntil): Promise<ServedSnapshot | null> {
  const { cache, edge } = entryOf(type);
  const isRefreshed = await cache.waitForRefresh(Date.now(), waitUntil, REFRESH_TIMEOUT_MS);
  return cache.asOf > 0 ? { edge, stale: !isRefreshed } : null;
}

/** Whether the snapshot lacks the component. False while there is no snapshot. */
export function isMissing(type: string, id: string): boolean {
  const entry = entries.get(type);
  return entry !== undefined && entry.cache.asOf > 0 && !entry.edge.pool.positions.has(id);
}

/** Work that a component has in flight by the isolate's snapshot. A lease block counts with all its slots. */
export function componentInFlight(type: string, id: string): number {
  const { pool, work } = entryOf(type).edge;
  const position = pool.positions.get(id);
  return position === undefined ? 0 : Math.round(work.known[position]! + estimatedAt(pool, work, position, Date.now()));
}

/** Applies outcomes that a caller reported. Even without further requests, the registry gets them after about 1 s. */
export function noteOutcomes(
  type: string,
  id: string,
  outcomes: Outcomes,
  { inFlight, waitUntil }: { readonly inFlight: number | null; readonly waitUntil: WaitUntil },
): void {
  const entry = entryOf(type);
  const now = Date.now();
  if (outcomes.ended > 0) endWork(entry.edge, id, { ended: outcomes.ended, inFlight }, now);
  if (outcomes.timed > 0) observeLatency(entry.edge, id, outcomes.latencyMs / outcomes.timed, now);
  const isFirst = entry.edge.pendingOutcomes.size === 0;
  countOutcomes(entry.edge, id, outcomes);
  if (isFirst) waitUntil(flushSoon(entry, waitUntil));
}

export const blocksOf = (type: string): LeaseBlockCache => entryOf(type).blocks;

/** Reports the isolate's blocks each second, even without further requests, so that idle blocks are returned. */
export function startBlockReports(type: string, waitUntil: WaitUntil): void {
  const entry = entryOf(type);
  if (Math.abs(Date.now() - entry.blocksReportedAt) < BLOCK_REPORT_LOST_MS) return;
  entry.blocksReportedAt = Date.now();
  waitUntil(reportBlocks(entry, waitUntil));
}

async function reportBlocks(entry: Entry, waitUntil: WaitUntil): Promise<void> {
  for (let round = 0; round < BLOCK_REPORT_ROUNDS && entry.blocks.size > 0; round++) {
    await sleep(BACKGROUND_REFRESH_MS);
    entry.blocksReportedAt = Date.now();
    if (Date.now() - entry.cache.asOf >= BACKGROUND_REFRESH_MS)
      await succeedsWithin(entry.cache.refresh(Date.now(), waitUntil).done, GIVE_UP_MS);
  }
  entry.blocksReportedAt = 0;
}

async function flushSoon({ edge, cache }: Entry, waitUntil: WaitUntil): Promise<void> {
  for (let tries = 0; tries < FLUSH_TRIES && edge.pendingOutcomes.size > 0; tries++) {
    // A refresh in flight was sent before the outcomes were reported.
    const joined = cache.inFlight(Date.now());
    if (joined) await succeedsWithin(joined.done, GIVE_UP_MS);
    const since = tries === 0 ? cache.asOf : Date.now();
    await sleep(Math.min(BACKGROUND_REFRESH_MS, since + BACKGROUND_REFRESH_MS - Date.now()));
    if (edge.pendingOutcomes.size > 0) await succeedsWithin(cache.refresh(Date.now(), waitUntil).done, GIVE_UP_MS);
  }
}

const entryOf = (type: string): Entry => entries.get(type) ?? newEntry(type);

function newEntry(type: string): Entry {
  const edge = newEdgeSnapshot(settingsOf(type));
  const cache = new RefreshingCache<EdgeSnapshot>({
    initial: edge,
    backgroundAfterMs: BACKGROUND_REFRESH_MS,
    get foregroundAfterMs() {
      return (types.get(type)?.config ?? DEFAULT_CONFIG).snapshotMaxAgeMs;
    },
    giveUpAfterMs: GIVE_UP_MS,
    refresh: (attempt) => syncSnapshot(type, entry, attempt),
    onError: (error) => logError('snapshot not refreshed', { type, error }),
  });
  const blocks = new LeaseBlockCache();
  const entry: Entry = { edge, cache, blocks, blocksReportedAt: 0, configRevision: -1, incoming: null };
  entries.set(type, entry);
  return entry;
}

const settingsOf = (type: string): BalancingSettings => types.get(type)?.balancing ?? DEFAULT_BALANCING;

async function syncSnapshot(type: string, entry: Entry, attempt: RefreshAttempt<EdgeSnapshot>): Promise<void> {
  while (await syncPage(type, entry, attempt));
}

/** Reports to the registry and receives one page. Resolves to whether another page follows. */
async function syncPage(type: string, entry: Entry, attempt: RefreshAttempt<EdgeSnapshot>): Promise<boolean> {
  const { edge } = entry;
  const { syncedTo } = edge;
  const assignments = drainAssignments(edge);
  const outcomes = drainOutcomes(edge);
  const blocks = entry.blocks.report(Date.now());
  try {
    const config = newerConfig(type, entry);
    const from = entry.incoming?.next ?? null;
    const request: SyncRequest = { edge: edgeId(), syncedTo, from, assignments, outcomes, blocks, config };
    const response = await registryOf(type).sync(request);
    // Updates of lease blocks are valid even in a late response.
    entry.blocks.apply(response.blocks);
    if (!attempt.isCurrent()) return false;
    // The registry dropped counts of another epoch; this isolate knows which components they belong to.
    if (response.epoch !== syncedTo?.epoch) restoreAssignments(edge, assignments);
    entry.configRevision = response.configRevision;
    return applyPage(type, entry, response, attempt);
  } catch (error) {
    // The next sync reports these again. Counts that the registry applied before it failed count twice for a while.
    if (edge.syncedTo?.epoch === syncedTo?.epoch) restoreAssignments(edge, assignments);
    for (const [id, each] of outcomes) countOutcomes(edge, id, each);
    entry.blocks.restoreReturned(blocks);
    throw error;
  }
}

/** Collects a page, and applies all pages with the last one. Returns whether another page follows. */
function applyPage(
  type: string,
  entry: Entry,
  { next, edgeMember, ...page }: SyncResponse,
  attempt: RefreshAttempt<EdgeSnapshot>,
): boolean {
  const { edge, incoming } = entry;
  const now = Date.now();
  // After a restart of the registry, its pages begin again.
  const isContinued = incoming?.next.epoch === page.epoch;
  const delta = isContinued ? appendPage(incoming.delta, page) : page;
  const asOf = isContinued ? incoming.asOf : now;
  entry.incoming = next && { delta, next, asOf };
  if (next) return true;
  applyDelta(edge, delta, { settings: settingsOf(type), edgeMember }, now);
  attempt.store(edge, asOf);
  return false;
}

/** Returns the configuration of the type; null when the isolate knows none, or the registry uses it already. */
function newerConfig(type: string, { configRevision }: Entry): TypeOverrides | null {
  const configured = types.get(type);
  if (!configured || configured.revision <= configRevision) return null;
  return { revision: configured.revision, overrides: configured.overrides };
}

let ownId: string | null = null;
/** Created at first use: the platform has no random numbers at the start of an isolate. */
const edgeId = (): string => (ownId ??= crypto.randomUUID());
