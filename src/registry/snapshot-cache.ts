/**
 * An isolate's snapshots of the registries: what edge routing decides from, without a call.
 *
 * A snapshot older than 1 s is refreshed in the background, one older than the configured age before
 * it is served; one that cannot be refreshed serves on and is marked stale. The refresh carries the
 * isolate's own assignments to the registry. All who wait share one refresh.
 */
import { DEFAULT_CONFIG } from '../core/config/system-config.ts';
import type { Candidate } from '../core/balancing/candidate.ts';
import type { Fleet } from '../core/balancing/fleet.ts';
import { compileFleet } from '../core/balancing/fleet.ts';
import { registryOf } from './registry-api.ts';

export interface EdgeSnapshot {
  readonly fleet: Fleet;
  readonly revision: number;
  readonly stale: boolean;
  /** Work this isolate gave to the candidate at a position since the snapshot was taken. */
  readonly ownAssigned: (position: number) => number;
  /** Counts work that was just given to it. */
  readonly noteAssigned: (position: number) => void;
}

interface Entry {
  fleet: Fleet;
  revision: number;
  fetchedAt: number;
  /** By position in the fleet's candidates. */
  assigned: Float64Array;
  refreshing: Promise<boolean> | null;
  refreshBeganAt: number;
}

type WaitUntil = (work: Promise<unknown>) => void;

const BACKGROUND_REFRESH_MS = 1_000;
/** How long a foreground refresh may keep a caller waiting before the last snapshot serves. */
const REFRESH_TIMEOUT_MS = 1_000;

/** A refresh that has not answered by then is not waited for any more: a new one begins. */
const GIVE_UP_MS = 5_000;

const entries = new Map<string, Entry>();

/** The snapshot of a type, fresh enough to route by; null when there is none and the registry is away. */
export async function edgeSnapshot(type: string, now: number, waitUntil: WaitUntil): Promise<EdgeSnapshot | null> {
  const entry = entries.get(type);
  // A clock that went back tells nothing of its age.
  const age = entry && now >= entry.fetchedAt ? now - entry.fetchedAt : Infinity;
  if (age < BACKGROUND_REFRESH_MS) return view(entry!, false);
  if (age < DEFAULT_CONFIG.snapshotMaxAgeMs) {
    waitUntil(refresh(type));
    return view(entry!, false);
  }
  return freshSnapshot(type, waitUntil);
}

/** The snapshot after a refresh that was waited for. */
export async function freshSnapshot(type: string, waitUntil: WaitUntil): Promise<EdgeSnapshot | null> {
  const refreshing = refresh(type);
  // Its caller may be answered before it is: without this it would die with that request and never settle.
  waitUntil(refreshing);
  const entry = entries.get(type);
  // Whoever comes later to a refresh that hangs waits only for what is left.
  const left = (entry?.refreshBeganAt ?? 0) + REFRESH_TIMEOUT_MS - Date.now();
  const refreshed = await Promise.race([refreshing, after(Math.min(REFRESH_TIMEOUT_MS, left))]);
  return entry?.fetchedAt ? view(entry, !refreshed) : null;
}

function view(entry: Entry, stale: boolean): EdgeSnapshot {
  const { fleet, revision, assigned } = entry;
  return {
    fleet,
    revision,
    stale,
    ownAssigned: (position) => assigned[position] ?? 0,
    noteAssigned: (position) => {
      if (position < assigned.length) assigned[position]! += 1;
    },
  };
}

/** Refreshes once however many ask; resolves to whether the registry answered. */
function refresh(type: string): Promise<boolean> {
  const entry = entries.get(type) ?? newEntry(type);
  const now = Date.now();
  if (entry.refreshing && now >= entry.refreshBeganAt && now - entry.refreshBeganAt < GIVE_UP_MS)
    return entry.refreshing;
  const isCurrent = (): boolean => entry.refreshing === begun;
  const begun: Promise<boolean> = fetchInto(type, entry, isCurrent).finally(() => {
    if (isCurrent()) entry.refreshing = null;
  });
  entry.refreshing = begun;
  entry.refreshBeganAt = now;
  return begun;
}

function newEntry(type: string): Entry {
  const entry: Entry = {
    fleet: compileFleet([]),
    revision: -1,
    fetchedAt: 0,
    assigned: new Float64Array(0),
    refreshing: null,
    refreshBeganAt: 0,
  };
  entries.set(type, entry);
  return entry;
}

/** One that was given up and answers late changes nothing: a newer one may have been quicker. */
async function fetchInto(type: string, entry: Entry, isCurrent: () => boolean): Promise<boolean> {
  const sent = entry.assigned.slice();
  const assigned: Record<string, number> = {};
  entry.fleet.candidates.forEach((candidate, position) => {
    if (sent[position]) assigned[candidate.id] = sent[position];
  });
  try {
    const revision = entry.fetchedAt ? entry.revision : null;
    const answer = await registryOf(type).sync({ revision, assigned });
    if (!isCurrent()) return false;
    const known = answer.candidates ?? entry.fleet.candidates;
    const candidates = known.map((candidate, position): Candidate => ({
      ...candidate,
      vitals: answer.vitals[position] ?? candidate.vitals,
    }));
    // What was assigned while the call was under way is not in its answer yet: it stays ours.
    const own = new Map(entry.fleet.candidates.map((candidate, at) => [candidate.id, entry.assigned[at]! - sent[at]!]));
    entry.assigned = Float64Array.from(candidates, (candidate) => own.get(candidate.id) ?? 0);
    entry.fleet = compileFleet(candidates);
    entry.revision = answer.revision;
    entry.fetchedAt = Date.now();
    return true;
  } catch (error) {
    console.error(JSON.stringify({ message: 'snapshot not refreshed', type, error: String(error) }));
    return false;
  }
}

const after = (ms: number): Promise<false> => new Promise((resolve) => setTimeout(() => resolve(false), ms));
