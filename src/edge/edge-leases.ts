/**
 * Leases for callers of one isolate: from a lease block that the isolate holds, or by a call to the registry. A lease
 * from a block costs neither a call nor a write.
 */
import { scoreOfPick } from '../core/balancing/explain.ts';
import type { RouteRequest } from '../core/balancing/pick.ts';
import { sumOutcomes } from '../core/component/work-outcome.ts';
import { ok } from '../core/result.ts';
import type { WaitUntil } from '../long-poll/single-flight.ts';
import type { EdgeSnapshot } from './edge-snapshot.ts';
import type {
  AcquireRequest,
  Acquired,
  Acquisition,
  CompletedLease,
  Completion,
  LeaseResult,
  RenewedLease,
} from '../registry/contract/lease-api.ts';
import { registryOf } from '../registry/contract/registry-api.ts';
import {
  blocksOf,
  cachedSnapshot,
  refreshedSnapshot,
  componentInFlight,
  startBlockReports,
  noteOutcomes,
} from './snapshot-cache.ts';

type EdgeAcquireRequest = Omit<AcquireRequest, 'acceptsBlock'>;

/** Acquires a lease; accepts a new lease block where one may serve the following requests. */
export async function acquireAtEdge(
  type: string,
  request: EdgeAcquireRequest,
  waitUntil: WaitUntil,
): Promise<Acquisition> {
  const mayUseBlock = canServeFromBlock(request);
  const leased = mayUseBlock ? await leaseFromBlock(type, request, waitUntil) : null;
  if (leased) return leased;
  const blocks = blocksOf(type);
  // Blocks that cannot be used for lack of a snapshot are no reason to request another block.
  const lacksSnapshot = blocks.size > 0 && cachedSnapshot(type, Date.now(), waitUntil) === null;
  const acceptsBlock = mayUseBlock && !lacksSnapshot && blocks.beginBlockRequest(Date.now());
  try {
    const acquired = await registryOf(type).acquire({ ...request, acceptsBlock });
    if (!acquired.ok || !acquired.block) return acquired;
    const now = Date.now();
    blocks.addBlock(acquired.block, now);
    startBlockReports(type, waitUntil);
    snapshotOrRefresh(type, now, waitUntil);
    return { ...acquired, lease: await blocks.leaseFirst(acquired.block.id, request.ttlMs, now) };
  } finally {
    if (acceptsBlock) blocks.endBlockRequest();
  }
}

/** Completes a lease. The slot of a lease from a block is free at once; the next refresh reports it to the registry. */
export async function completeAtEdge(
  type: string,
  id: string,
  completion: Completion,
  waitUntil: WaitUntil,
): Promise<LeaseResult<CompletedLease>> {
  const blocks = blocksOf(type);
  const before = blocks.completedBefore(id);
  if (before) return ok(before);
  // The registry must store a failure of the component before the caller gets the response.
  const componentId = completion.error ? null : blocks.componentOf(id, Date.now());
  if (componentId === null) {
    const completed = await registryOf(type).completeLease(id, completion);
    if (completed.ok || completed.reason === 'lease-ended') blocks.release(id);
    return completed;
  }
  const lease = { id, componentId, outcome: completion.outcome, inFlight: componentInFlight(type, componentId) };
  blocks.complete(lease);
  const outcomes = { ...sumOutcomes([completion]), ended: 0 };
  noteOutcomes(type, componentId, outcomes, { inFlight: null, waitUntil });
  return ok(lease);
}

/** Always calls the registry. Without the call, the registry would let the renewed lease expire. */
export async function renewAtEdge(type: string, id: string, ttlMs: number): Promise<LeaseResult<RenewedLease>> {
  const renewed = await registryOf(type).renewLease(id, ttlMs);
  if (renewed.ok) blocksOf(type).extend(id, renewed.value.expiresAt);
  return renewed;
}

/** Whether the request wants one slot on the best component and nothing else; the registry decides all others. */
function canServeFromBlock({ route, explain, dryRun, holder }: EdgeAcquireRequest): boolean {
  // Only the registry counts the slots of a key against its quota.
  if (holder && holder.quotas.leaseSlots !== null) return false;
  const { slots, affinityKey, preferences } = route;
  return slots === 1 && affinityKey === null && Object.keys(preferences).length === 0 && !explain && !dryRun;
}

async function leaseFromBlock(
  type: string,
  request: EdgeAcquireRequest,
  waitUntil: WaitUntil,
): Promise<Acquired | null> {
  const blocks = blocksOf(type);
  if (blocks.size === 0) return null;
  const now = Date.now();
  const edge = snapshotOrRefresh(type, now, waitUntil);
  if (!edge) return null;
  const { route, ttlMs } = request;
  const free = blocks.findSlot(edge, route, ttlMs, now);
  if (!free) return null;
  startBlockReports(type, waitUntil);
  return { ...acquiredFrom(edge, free.position, route, now), lease: await blocks.lease(free, ttlMs, now) };
}

/** Returns null when the snapshot is too old to serve, and begins a refresh for the next request. */
function snapshotOrRefresh(type: string, now: number, waitUntil: WaitUntil): EdgeSnapshot | null {
  const edge = cachedSnapshot(type, now, waitUntil);
  if (!edge) waitUntil(refreshedSnapshot(type, waitUntil));
  return edge;
}

function acquiredFrom(
  edge: EdgeSnapshot,
  position: number,
  request: RouteRequest,
  now: number,
): Omit<Acquired, 'lease'> {
  const { pool, work, registrations, revision } = edge;
  return {
    ok: true,
    candidate: pool.candidates[position]!,
    registration: registrations[position]!,
    block: null,
    policy: pool.settings.policy,
    score: scoreOfPick({ pool, work, request, now }, position),
    revision,
    relaxed: [],
    fallbackTier: null,
    explanation: null,
  };
}
