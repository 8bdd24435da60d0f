/**
 * Routing of one request. Edge mode decides from the isolate's snapshot, without a call to a Durable Object and without
 * storage. A request for a lease uses exact mode, see `route-with-lease.ts`.
 */
import type { BalancingSettings } from '../../core/balancing/balancing-settings.ts';
import { nextEvenly } from '../../core/balancing/even-spread.ts';
import type { Explanation } from '../../core/balancing/explain.ts';
import { explainPick, retryAfterSeconds, scoreOfPick } from '../../core/balancing/explain.ts';
import { countCandidates } from '../../core/balancing/candidate-counts.ts';
import type { CandidatePool } from '../../core/balancing/candidate-pool.ts';
import { compilePool } from '../../core/balancing/candidate-pool.ts';
import type { NoPick, Pick, PickContext, Picked, RouteRequest } from '../../core/balancing/pick.ts';
import { NO_PICK_TEXTS, pickComponent } from '../../core/balancing/pick.ts';
import { retryAfterMs } from '../../core/lease/retry-after.ts';
import { randomFrom } from '../../core/random.ts';
import type { EffectiveConfig } from '../../core/config/effective-config.ts';
import { isComponentType } from '../../core/config/effective-config.ts';
import type { EdgeSnapshot } from '../../edge/edge-snapshot.ts';
import { assign } from '../../edge/edge-snapshot.ts';
import { cachedSnapshot, refreshedSnapshot } from '../../edge/snapshot-cache.ts';
import type { Call, JsonResponse } from '../http/call.ts';
import { jsonTextResponse, waitUntilOf } from '../http/call.ts';
import { cachedCurrentConfig, currentConfigWithType } from './current-config.ts';
import type { ProblemResponse } from '../http/problem.ts';
import { withinLoad } from '../middleware/shed-load.ts';
import { problemResponse } from '../http/problem.ts';
import { refuseRoute } from '../resources/route-refusal.ts';
import { routeResponseText } from '../resources/route-decision.ts';
import { routeWithLease } from './route-with-lease.ts';
import type { RouteResponseData, RouteRequestData } from '../schemas/route.ts';

type RouteResponse = JsonResponse<RouteResponseData> | ProblemResponse;

/** Routes synchronously where the caches suffice. Otherwise the call counts against the load limits while it waits. */
export const route = (c: Call, body: RouteRequestData): RouteResponse | Promise<RouteResponse> =>
  routeFromCache(c, body) ??
  withinLoad(c, () => routeAfterRefresh(c, body), body.lease && body.lease.waitMs > 0 ? 'queued' : 'active');

/** Decides from the caches; null when the caches do not suffice or no component can be picked. */
function routeFromCache(c: Call, body: RouteRequestData): RouteResponse | null {
  if (body.lease) return null;
  const config = cachedCurrentConfig(c);
  const type = config ? requestedType(config, body) : undefined;
  if (type === undefined) return null;
  const now = Date.now();
  const edge = cachedSnapshot(type, now, waitUntilOf(c));
  if (!edge) return null;
  const parsed: ParsedCall = { body, type, request: toRequest(body), now };
  const decided = decideFrom(edge, false, parsed);
  return decided.pick.ok ? respond(c, parsed, decided) : null;
}

/**
 * Refreshes the caches, then decides: a type may have been configured, or a component registered, a moment ago. Leases
 * are granted by the registry.
 */
async function routeAfterRefresh(c: Call, body: RouteRequestData): Promise<RouteResponse> {
  const config = await currentConfigWithType(c, (known) => requestedType(known, body) !== undefined);
  const type = requestedType(config, body);
  if (type === undefined) return unknownType(c, body);
  const request = toRequest(body);
  if (body.lease) return routeWithLease(c, type, request, { ...body, lease: body.lease });
  const fresh = await refreshedSnapshot(type, waitUntilOf(c));
  const parsed: ParsedCall = { body, type, request, now: Date.now() };
  if (fresh) return respond(c, parsed, decideFrom(fresh.edge, fresh.stale, parsed));
  const message = 'the registry cannot be reached';
  const requested = { type, requestType: body.requestType };
  return refuseRoute(c, requested, { code: 'no-healthy-components', message, retryAfterSeconds: 2, known: null });
}

function respond(c: Call, { body, type, request, now }: ParsedCall, decided: Decision): RouteResponse {
  const { edge, pool, pick } = decided;
  const input = { pool, work: edge.work, request, now };
  if (!pick.ok) {
    const known = { counts: countCandidates(pool), candidates: explainPick({ ...input, pick }).candidates };
    const retryAfterSeconds = retryAfterOf(edge, pick.reason);
    const refusal = { code: pick.reason, message: NO_PICK_TEXTS[pick.reason], retryAfterSeconds, known };
    return refuseRoute(c, { type, requestType: body.requestType }, refusal);
  }
  const explanation = body.explain ? explainPick({ ...input, pick }) : null;
  const text = toText(decided, pick, scoreOfPick(input, pick.position), explanation);
  if (!body.dryRun) assign(edge, pick.position, now);
  return jsonTextResponse<RouteResponseData>(c, text);
}

/** Seconds after which a retry may succeed: at capacity when work ends, otherwise at the next health check. */
function retryAfterOf({ pool, nextCheckAt }: EdgeSnapshot, reason: NoPick['reason']): number {
  if (reason !== 'at-capacity') return retryAfterSeconds(nextCheckAt, Date.now());
  const queueState = { nextExpiry: Infinity, typicalMs: pool.meanEwmaMs, waitingAhead: 0, leaseCount: 0 };
  return retryAfterMs(queueState, Date.now(), Math.random) / 1_000;
}

/** The validated body with the routing request derived from it, and the time of the decision. */
interface ParsedCall {
  readonly body: RouteRequestData;
  /** The component type of the request. */
  readonly type: string;
  readonly request: RouteRequest;
  readonly now: number;
}

interface Decision {
  readonly edge: EdgeSnapshot;
  /** The pool that was decided from: the snapshot's own, or one compiled for a dry run. */
  readonly pool: CandidatePool;
  readonly pick: Pick;
  readonly stale: boolean;
}

function requestedType(config: EffectiveConfig, { type, requestType }: RouteRequestData): string | undefined {
  if (type === undefined) return config.typeOfRequest.get(requestType ?? '');
  return isComponentType(config, type) ? type : undefined;
}

function unknownType(c: Call, { type, requestType }: RouteRequestData) {
  const path = type === undefined ? 'requestType' : 'type';
  const message = `no component type for ${type ?? requestType ?? ''}`;
  return problemResponse(c, 'unknown-request-type', { errors: [{ path, message }] });
}

function toRequest({ payload, preferences, affinityKey, lease, dryRun }: RouteRequestData): RouteRequest {
  return {
    taskType: textOf(payload?.['taskType']),
    location: textOf(payload?.['location']),
    preferences: preferences ?? {},
    slots: lease?.slots ?? 1,
    affinityKey: affinityKey ?? null,
    assumedDown: dryRun?.assumeDown ?? NO_COMPONENTS,
  };
}

const NO_COMPONENTS: readonly string[] = [];

function decideFrom(edge: EdgeSnapshot, stale: boolean, { body, request, now }: ParsedCall): Decision {
  const policy = body.dryRun?.policy;
  const pool = policy ? underPolicy(edge.pool, policy, now) : edge.pool;
  return { edge, pool, stale, pick: pickComponent(pool, request, contextOf(edge, now)) };
}

/** The same candidates under another policy, for a dry run. */
const underPolicy = (pool: CandidatePool, policy: BalancingSettings['policy'], now: number): CandidatePool =>
  compilePool(pool.candidates, { ...pool.settings, policy }, now);

let splitAt = 0;
let random: (() => number) | null = null;

function contextOf({ work, aperture }: EdgeSnapshot, now: number): PickContext {
  // Seeded at the first call: workerd has no random numbers while an isolate starts.
  random ??= randomFrom(Math.random() * 2 ** 32);
  splitAt = nextEvenly(splitAt);
  return { work, now, random, splitAt, mode: 'sampled', aperture: aperture?.set ?? null };
}

function toText({ edge, pool, stale }: Decision, pick: Picked, score: number, explanation: Explanation | null): string {
  const { candidate, position, relaxed, fallbackTier } = pick;
  const { policy } = pool.settings;
  return routeResponseText({
    candidate,
    registration: edge.registrations[position]!,
    lease: null,
    mode: 'edge',
    policy,
    score,
    revision: edge.revision,
    stale,
    relaxed,
    fallbackTier,
    explanation,
  });
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
