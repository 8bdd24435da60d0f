/**
 * Where to send a piece of work. Edge mode: decided from the isolate's fleet, without a call to an object
 * and without storage.
 */
import type { Context } from 'hono';
import type { BalancingSettings } from '../../core/balancing/balancing-settings.ts';
import { explainPick, retryAfterSeconds, scoreOfPick } from '../../core/balancing/explain.ts';
import type { Fleet } from '../../core/balancing/fleet.ts';
import { compileFleet } from '../../core/balancing/fleet.ts';
import type { Pick, PickContext, RouteRequest } from '../../core/balancing/pick.ts';
import { pickComponent } from '../../core/balancing/pick.ts';
import { isComponentType, typeForRequest } from '../../core/config/component-types.ts';
import type { EdgeFleet } from '../../registry/edge-fleet.ts';
import { give } from '../../registry/edge-fleet.ts';
import { edgeSnapshot, freshSnapshot } from '../../registry/snapshot-cache.ts';
import type { App, AppEnv } from '../app-env.ts';
import { problemResponse } from '../problem.ts';
import type { RouteAnswer, RouteRequestData } from '../schemas/route.ts';
import { routeCall } from './route-call.ts';

export function mountRouting(app: App): void {
  app.openapi(routeCall, async (c) => {
    const body = c.req.valid('json');
    const type = typeAsked(body);
    if (type === undefined) return unknownType(c, body);
    const request = toRequest(body);
    const decided = await decide(c, type, request, body.dryRun);
    if (!decided)
      return problemResponse(c, 'no-healthy-components', {
        detail: 'the registry cannot be reached',
        retryAfterSeconds: 2,
      });
    const { edge, fleet, pick } = decided;
    const explanation = body.explain || !pick.ok ? explainPick({ fleet, work: edge.work, request, pick }) : null;
    if (!pick.ok) {
      return problemResponse(c, pick.reason, {
        retryAfterSeconds: retryAfterSeconds(edge.nextCheckAt, Date.now()),
        candidates: explanation!.candidates,
      });
    }
    const answer = toAnswer(type, request, { ...decided, pick });
    if (!body.dryRun) give(edge, pick.position);
    return c.json(explanation ? { ...answer, decision: { ...answer.decision, ...explanation } } : answer, 200);
  });
}

interface Decided {
  readonly edge: EdgeFleet;
  /** The one decided from: the edge's own, or one compiled for a rehearsal. */
  readonly fleet: Fleet;
  readonly pick: Pick;
  readonly stale: boolean;
}

function typeAsked({ type, requestType }: RouteRequestData): string | undefined {
  const asked = type ?? typeForRequest(requestType ?? '');
  return asked !== undefined && isComponentType(asked) ? asked : undefined;
}

function unknownType(c: Context<AppEnv>, { type, requestType }: RouteRequestData) {
  const path = type === undefined ? 'requestType' : 'type';
  const message = `no component type for ${type ?? requestType ?? ''}`;
  return problemResponse(c, 'unknown-request-type', { errors: [{ path, message }] });
}

function toRequest({ payload, preferences, affinityKey, dryRun }: RouteRequestData): RouteRequest {
  return {
    taskType: textOf(payload?.['taskType']),
    location: textOf(payload?.['location']),
    preferences: preferences ?? {},
    slots: 1,
    affinityKey: affinityKey ?? null,
    assumedDown: dryRun?.assumeDown ?? NOBODY,
  };
}

const NOBODY: readonly string[] = [];

/** Decides from the fleet at hand; before it answers that nobody is available, from a fresh one. */
async function decide(
  c: Context<AppEnv>,
  type: string,
  request: RouteRequest,
  rehearsal: RouteRequestData['dryRun'],
): Promise<Decided | null> {
  const waitUntil = (work: Promise<unknown>): void => c.executionCtx.waitUntil(work);
  const atHand = edgeSnapshot(type, Date.now(), waitUntil);
  const first = atHand && decideFrom(atHand, false, request, rehearsal);
  if (first?.pick.ok) return first;
  const fresh = await freshSnapshot(type, waitUntil);
  return fresh ? decideFrom(fresh.edge, fresh.stale, request, rehearsal) : first;
}

function decideFrom(
  edge: EdgeFleet,
  stale: boolean,
  request: RouteRequest,
  rehearsal: RouteRequestData['dryRun'],
): Decided {
  const fleet = rehearsal?.policy ? underPolicy(edge.fleet, rehearsal.policy) : edge.fleet;
  return { edge, fleet, stale, pick: pickComponent(fleet, request, contextOf(edge)) };
}

/** The same components under another policy, for a rehearsal. */
const underPolicy = (fleet: Fleet, policy: BalancingSettings['policy']): Fleet =>
  compileFleet(fleet.candidates, { ...fleet.settings, policy }, Date.now());

/** Additive recurrence by the golden ratio: any run of its numbers is spread evenly over [0, 1). */
const GOLDEN = 0.618_033_988_749_894_9;
let splitAt: number | null = null;

function contextOf({ work }: EdgeFleet): PickContext {
  // Not at the start of the isolate: the platform has no random numbers then.
  splitAt = ((splitAt ?? Math.random()) + GOLDEN) % 1;
  return { work, random: Math.random, splitAt, mode: 'sampled', segment: null };
}

function toAnswer(
  type: string,
  request: RouteRequest,
  decided: Decided & { readonly pick: { readonly ok: true } },
): RouteAnswer {
  const { edge, fleet, pick, stale } = decided;
  const { candidate, position, relaxed, resort } = pick;
  const { id, name, endpoint, metadata } = candidate;
  return {
    component: { id, name, type, endpoint, metadata },
    lease: null,
    decision: {
      id: crypto.randomUUID(),
      mode: 'edge',
      policy: fleet.settings.policy,
      score: scoreOfPick(fleet, edge.work, position, request),
      revision: edge.revision,
      stale,
      relaxed: [...relaxed],
      ...(resort === null ? {} : { resort }),
    },
  };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
