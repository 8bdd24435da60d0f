/**
 * Where to send a piece of work. Edge mode: decided from the isolate's fleet, without a call to an object
 * and without storage. Who asks for a lease is decided for exactly: see `route-exactly.ts`.
 */
import type { BalancingSettings } from '../../core/balancing/balancing-settings.ts';
import { nextEvenly } from '../../core/balancing/even-spread.ts';
import { explainPick, retryAfterSeconds, scoreOfPick } from '../../core/balancing/explain.ts';
import type { CandidatePool } from '../../core/balancing/candidate-pool.ts';
import { compilePool } from '../../core/balancing/candidate-pool.ts';
import type { NoPick, Pick, PickContext, Picked, RouteRequest } from '../../core/balancing/pick.ts';
import { pickComponent } from '../../core/balancing/pick.ts';
import { retryAfterMs } from '../../core/lease/retry-after.ts';
import { randomFrom } from '../../core/random.ts';
import type { EffectiveConfig } from '../../core/config/effective-config.ts';
import { isComponentType } from '../../core/config/effective-config.ts';
import type { EdgeSnapshot } from '../../edge/edge-snapshot.ts';
import { assign } from '../../edge/edge-snapshot.ts';
import { edgeSnapshot, freshSnapshot } from '../../edge/snapshot-cache.ts';
import type { Call, JsonResponse } from '../http/call.ts';
import { jsonResponse, waitUntilOf } from '../http/call.ts';
import { cachedCurrentConfig, currentConfigWithType } from './current-config.ts';
import type { ProblemResponse } from '../http/problem.ts';
import { withinLoad } from '../middleware/shed-load.ts';
import { problemResponse } from '../http/problem.ts';
import { withExplanation, routeDecision } from '../resources/route-decision.ts';
import { routeWithLease } from './route-with-lease.ts';
import type { RouteAnswer, RouteRequestData } from '../schemas/route.ts';

type RouteResponse = JsonResponse<RouteAnswer> | ProblemResponse;

/** At once where the isolate can; what must be waited for counts as work meanwhile. */
export const route = (c: Call, body: RouteRequestData): RouteResponse | Promise<RouteResponse> =>
  routeAtOnce(c, body) ??
  withinLoad(c, () => routeLater(c, body), body.lease && body.lease.waitMs > 0 ? 'waits' : 'works');

/** Decides by what is at hand; null when something must be waited for. */
function routeAtOnce(c: Call, body: RouteRequestData): RouteResponse | null {
  if (body.lease) return null;
  const config = cachedCurrentConfig(c);
  const type = config ? typeAsked(config, body) : undefined;
  if (type === undefined) return null;
  const edge = edgeSnapshot(type, Date.now(), waitUntilOf(c));
  if (!edge) return null;
  const asked: Asked = { body, request: toRequest(body) };
  const decided = decideFrom(edge, false, asked);
  return decided.pick.ok ? answer(c, asked, decided) : null;
}

/** A type may have been configured, or a component registered, a moment ago; a lease is the registry's to grant. */
async function routeLater(c: Call, body: RouteRequestData): Promise<RouteResponse> {
  const config = await currentConfigWithType(c, (known) => typeAsked(known, body) !== undefined);
  const type = typeAsked(config, body);
  if (type === undefined) return unknownType(c, body);
  const request = toRequest(body);
  if (body.lease) return routeWithLease(c, type, request, { ...body, lease: body.lease });
  const asked: Asked = { body, request };
  const fresh = await freshSnapshot(type, waitUntilOf(c));
  return fresh
    ? answer(c, asked, decideFrom(fresh.edge, fresh.stale, asked))
    : problemResponse(c, 'no-healthy-components', { detail: 'the registry cannot be reached', retryAfterSeconds: 2 });
}

function answer(c: Call, { body, request }: Asked, decided: Decided): RouteResponse {
  const { edge, fleet, pick } = decided;
  const explanation = body.explain || !pick.ok ? explainPick({ fleet, work: edge.work, request, pick }) : null;
  if (!pick.ok) {
    return problemResponse(c, pick.reason, {
      retryAfterSeconds: retryAfterOf(edge, pick.reason),
      candidates: explanation!.candidates,
    });
  }
  const told = toAnswer(request, decided, pick);
  if (!body.dryRun) assign(edge, pick.position);
  return jsonResponse(c, explanation ? withExplanation(told, explanation) : told);
}

/** Room comes free when work ends; somebody healthy is found by a check. */
function retryAfterOf({ fleet, nextCheckAt }: EdgeSnapshot, reason: NoPick['reason']): number {
  if (reason !== 'at-capacity') return retryAfterSeconds(nextCheckAt, Date.now());
  const fullness = { nextExpiry: Infinity, usualMs: fleet.meanUsualMs, ahead: 0, held: 0 };
  return retryAfterMs(fullness, Date.now(), Math.random) / 1_000;
}

/** What was asked for, read. */
interface Asked {
  readonly body: RouteRequestData;
  readonly request: RouteRequest;
}

interface Decided {
  readonly edge: EdgeSnapshot;
  /** The one decided from: the edge's own, or one compiled for a rehearsal. */
  readonly fleet: CandidatePool;
  readonly pick: Pick;
  readonly stale: boolean;
}

function typeAsked(config: EffectiveConfig, { type, requestType }: RouteRequestData): string | undefined {
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
    assumedDown: dryRun?.assumeDown ?? NOBODY,
  };
}

const NOBODY: readonly string[] = [];

function decideFrom(edge: EdgeSnapshot, stale: boolean, { body, request }: Asked): Decided {
  const policy = body.dryRun?.policy;
  const fleet = policy ? underPolicy(edge.fleet, policy) : edge.fleet;
  return { edge, fleet, stale, pick: pickComponent(fleet, request, contextOf(edge)) };
}

/** The same components under another policy, for a rehearsal. */
const underPolicy = (fleet: CandidatePool, policy: BalancingSettings['policy']): CandidatePool =>
  compilePool(fleet.candidates, { ...fleet.settings, policy }, Date.now());

let splitAt = 0;
let random: (() => number) | null = null;

function contextOf({ work, segment }: EdgeSnapshot): PickContext {
  // Not at the start of the isolate: the platform has no random numbers then.
  random ??= randomFrom(Math.random() * 2 ** 32);
  splitAt = nextEvenly(splitAt);
  return { work, random, splitAt, mode: 'sampled', segment: segment?.set ?? null };
}

function toAnswer(request: RouteRequest, { edge, fleet, stale }: Decided, pick: Picked): RouteAnswer {
  const { candidate, position, relaxed, resort } = pick;
  const score = scoreOfPick(fleet, edge.work, position, request);
  const { policy } = fleet.settings;
  return routeDecision({
    candidate,
    lease: null,
    mode: 'edge',
    policy,
    score,
    revision: edge.revision,
    stale,
    relaxed,
    resort,
  });
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
