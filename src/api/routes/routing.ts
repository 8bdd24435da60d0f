/**
 * Where to send a piece of work. Edge mode: decided from the isolate's snapshot, without a call to an
 * object and without storage.
 */
import type { Context } from 'hono';
import { explainPick, retryAfterSeconds } from '../../core/balancing/explain.ts';
import type { Pick, PickContext, RouteRequest } from '../../core/balancing/pick.ts';
import { pickComponent } from '../../core/balancing/pick.ts';
import { isComponentType, typeForRequest } from '../../core/config/component-types.ts';
import type { EdgeSnapshot } from '../../registry/snapshot-cache.ts';
import { edgeSnapshot, freshSnapshot } from '../../registry/snapshot-cache.ts';
import type { App, AppEnv } from '../app-env.ts';
import { createRoute, jsonBody, jsonContent, problemDefault } from '../openapi-route.ts';
import { problemResponse } from '../problem.ts';
import { RouteAnswerSchema, RouteRequestSchema } from '../schemas/route.ts';

const routeCall = createRoute({
  method: 'post',
  path: '/v1/route',
  'x-permission': 'route',
  tags: ['routing'],
  summary: 'Pick the best component for a request',
  request: { body: jsonBody(RouteRequestSchema) },
  responses: { 200: jsonContent(RouteAnswerSchema, 'Where to send it'), ...problemDefault },
});

const POLICY = 'least-time';

export function mountRouting(app: App): void {
  app.openapi(routeCall, async (c) => {
    const body = c.req.valid('json');
    const type = body.type ?? typeForRequest(body.requestType ?? '');
    if (type === undefined || !isComponentType(type)) {
      const asked = body.type ?? body.requestType ?? '';
      const errors = [
        { path: body.type === undefined ? 'requestType' : 'type', message: `no component type for ${asked}` },
      ];
      return problemResponse(c, 'unknown-request-type', { errors });
    }
    const request: RouteRequest = {
      task: { taskType: textOf(body.payload?.['taskType']), location: textOf(body.payload?.['location']) },
      preferences: body.preferences ?? {},
    };
    const decided = await decide(c, type, request);
    if (!decided)
      return problemResponse(c, 'no-healthy-components', {
        detail: 'the registry cannot be reached',
        retryAfterSeconds: 2,
      });
    const { snapshot, pick, context } = decided;
    if (!pick.ok) {
      return problemResponse(c, pick.reason, {
        retryAfterSeconds: retryAfterSeconds(snapshot.fleet, Date.now()),
        candidates: explainPick(snapshot.fleet, request, context, null),
      });
    }
    const explanation = body.explain
      ? { candidates: explainPick(snapshot.fleet, request, context, pick.position) }
      : {};
    snapshot.noteAssigned(pick.position);
    const { id, name, endpoint, metadata } = pick.candidate;
    return c.json(
      {
        component: { id, name, type, endpoint, metadata },
        lease: null,
        decision: {
          id: crypto.randomUUID(),
          mode: 'edge' as const,
          policy: POLICY,
          score: pick.score,
          revision: snapshot.revision,
          stale: snapshot.stale,
          relaxed: [...pick.relaxed],
          ...explanation,
        },
      },
      200,
    );
  });
}

interface Decided {
  readonly snapshot: EdgeSnapshot;
  readonly context: PickContext;
  readonly pick: Pick;
}

/** Decides from the snapshot at hand; before it answers that nobody is available, from a fresh one. */
async function decide(c: Context<AppEnv>, type: string, request: RouteRequest): Promise<Decided | null> {
  const waitUntil = (work: Promise<unknown>): void => c.executionCtx.waitUntil(work);
  const atHand = await edgeSnapshot(type, Date.now(), waitUntil);
  const first = atHand && decideFrom(atHand, request);
  if (first?.pick.ok) return first;
  const fresh = await freshSnapshot(type, waitUntil);
  return fresh ? decideFrom(fresh, request) : first;
}

function decideFrom(snapshot: EdgeSnapshot, request: RouteRequest): Decided {
  const context = { ownAssigned: snapshot.ownAssigned, random: Math.random };
  return { snapshot, context, pick: pickComponent(snapshot.fleet, request, context) };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
