/**
 * Leases as an isolate sees them: out of a block that it holds where there is one, by a call to the registry
 * everywhere else. A lease out of a block costs neither a call nor a write.
 */
import { scoreOfPick } from '../core/balancing/explain.ts';
import type { RouteRequest } from '../core/balancing/pick.ts';
import { sumOutcomes } from '../core/component/work-outcome.ts';
import { ok } from '../core/result.ts';
import type { EdgeSnapshot } from './edge-snapshot.ts';
import type {
  AcquireRequest,
  Acquired,
  Acquisition,
  CompletedLease,
  Completion,
  LeaseAnswer,
  RenewedLease,
} from '../registry/contract/lease-api.ts';
import { registryOf } from '../registry/contract/registry-api.ts';
import { blocksOf, edgeSnapshot, freshSnapshot, inFlightAt, keepInTouch, noteOutcomes } from './snapshot-cache.ts';

type WaitUntil = (work: Promise<unknown>) => void;
type Asked = Omit<AcquireRequest, 'takesBlock'>;

export async function acquireNear(type: string, asked: Asked, waitUntil: WaitUntil): Promise<Acquisition> {
  const isPlain = mayComeFromBlock(asked);
  const near = isPlain ? await leaseFromBlock(type, asked, waitUntil) : null;
  if (near) return near;
  const blocks = blocksOf(type);
  const isBlind = blocks.size > 0 && edgeSnapshot(type, Date.now(), waitUntil) === null;
  const takesBlock = isPlain && !isBlind && blocks.beginAsking(Date.now());
  try {
    const acquired = await registryOf(type).acquire({ ...asked, takesBlock });
    if (!acquired.ok || !acquired.block) return acquired;
    const now = Date.now();
    blocks.adopt(acquired.block, now);
    keepInTouch(type, waitUntil);
    lookAtFleet(type, now, waitUntil);
    return { ...acquired, lease: await blocks.first(acquired.block.id, asked.ttlMs, now) };
  } finally {
    if (takesBlock) blocks.endAsking();
  }
}

/** Where the lease is held here, its slot is free at once, and the registry hears of it with the next refresh. */
export async function completeAtEdge(
  type: string,
  id: string,
  completion: Completion,
  waitUntil: WaitUntil,
): Promise<LeaseAnswer<CompletedLease>> {
  const blocks = blocksOf(type);
  const before = blocks.completedBefore(id);
  if (before) return ok(before);
  // A failure of the component is stored before it is answered.
  const componentId = completion.error ? null : blocks.componentOf(id, Date.now());
  if (componentId === null) {
    const completed = await registryOf(type).completeLease(id, completion);
    if (completed.ok || completed.reason === 'lease-ended') blocks.free(id);
    return completed;
  }
  const lease = { id, componentId, outcome: completion.outcome, inFlight: inFlightAt(type, componentId) };
  blocks.complete(lease);
  const outcomes = { ...sumOutcomes([completion]), ended: 0 };
  noteOutcomes(type, componentId, outcomes, { inFlight: null, waitUntil });
  return ok(lease);
}

/** Always by a call: what the registry does not know of it could end when it must not. */
export async function renewNear(type: string, id: string, ttlMs: number): Promise<LeaseAnswer<RenewedLease>> {
  const renewed = await registryOf(type).renewLease(id, ttlMs);
  if (renewed.ok) blocksOf(type).prolong(id, renewed.value.expiresAt);
  return renewed;
}

/** Whatever asks for more than a slot on whoever is best, or for a key that may not hold what it likes, is decided by the registry. */
function mayComeFromBlock({ request, explain, rehearsal, holder }: Asked): boolean {
  // What a key may hold is counted by the registry.
  if (holder && holder.quotas.leaseSlots !== null) return false;
  const { slots, affinityKey, preferences } = request;
  return slots === 1 && affinityKey === null && Object.keys(preferences).length === 0 && !explain && !rehearsal;
}

async function leaseFromBlock(type: string, asked: Asked, waitUntil: WaitUntil): Promise<Acquired | null> {
  const blocks = blocksOf(type);
  if (blocks.size === 0) return null;
  const now = Date.now();
  const edge = lookAtFleet(type, now, waitUntil);
  if (!edge) return null;
  const { request, ttlMs } = asked;
  const place = blocks.place(edge, request, ttlMs, now);
  if (!place) return null;
  keepInTouch(type, waitUntil);
  return { ...toldOf(edge, place.position, request), lease: await blocks.lease(place, ttlMs, now) };
}

/** Who of them is healthy; where nobody here can say yet, the next call will know. */
function lookAtFleet(type: string, now: number, waitUntil: WaitUntil): EdgeSnapshot | null {
  const edge = edgeSnapshot(type, now, waitUntil);
  if (!edge) waitUntil(freshSnapshot(type, waitUntil));
  return edge;
}

function toldOf(edge: EdgeSnapshot, position: number, request: RouteRequest): Omit<Acquired, 'lease'> {
  const { fleet, work, revision } = edge;
  return {
    ok: true,
    candidate: fleet.candidates[position]!,
    block: null,
    policy: fleet.settings.policy,
    score: scoreOfPick(fleet, work, position, request),
    revision,
    relaxed: [],
    resort: null,
    explanation: null,
  };
}
