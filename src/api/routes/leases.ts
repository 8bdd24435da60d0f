/** Leases that were granted by the routing call: completed, renewed, listed. */
import type { Context } from 'hono';
import { toIso } from '../../core/component/resource.ts';
import type { EffectiveConfig } from '../../core/config/effective-config.ts';
import { isComponentType } from '../../core/config/effective-config.ts';
import { typeOfLease } from '../../core/lease/lease-id.ts';
import { completeNear, renewNear } from '../../registry/near-leases.ts';
import type { App, AppEnv } from '../app-env.ts';
import { edgeConfigKnowing } from '../edge-config.ts';
import { leaseAtCursor, listLeases } from '../list-leases.ts';
import { createRoute, jsonBody, jsonContent, problemDefault } from '../openapi-route.ts';
import type { ProblemResponse } from '../problem.ts';
import { problemResponse, refusal } from '../problem.ts';
import {
  CompletedLeaseSchema,
  CompletionSchema,
  LeasePageSchema,
  LeaseParamSchema,
  LeaseQuerySchema,
  RenewalSchema,
  RenewedLeaseSchema,
} from '../schemas/lease.ts';

const tags = ['leases'];

const complete = createRoute({
  method: 'post',
  path: '/v1/leases/{id}/complete',
  'x-permission': 'route',
  tags,
  summary: 'Say how the work of a lease went, and free its slots',
  description: 'Once more is answered the same, for five minutes; what counts is what was said first.',
  request: { params: LeaseParamSchema, body: jsonBody(CompletionSchema) },
  responses: { 200: jsonContent(CompletedLeaseSchema, 'Its slots are free'), ...problemDefault },
});

const renew = createRoute({
  method: 'post',
  path: '/v1/leases/{id}/renew',
  'x-permission': 'route',
  tags,
  summary: 'Keep a lease for longer',
  request: { params: LeaseParamSchema, body: jsonBody(RenewalSchema) },
  responses: { 200: jsonContent(RenewedLeaseSchema, 'It lasts that long from now on'), ...problemDefault },
});

const list = createRoute({
  method: 'get',
  path: '/v1/leases',
  'x-permission': 'read',
  tags,
  summary: 'Leases that are held, and who waits for one',
  request: { query: LeaseQuerySchema },
  responses: { 200: jsonContent(LeasePageSchema, 'A page of leases, by type and id'), ...problemDefault },
});

export function mountLeases(app: App): void {
  app.openapi(complete, async (c) => {
    const { id } = c.req.valid('param');
    const { outcome, latencyMs = null, error } = c.req.valid('json');
    const type = await typeOf(c, id);
    if (type === null) return unknownLease(c, id);
    const { code, message = '' } = error ?? {};
    const told = error ? { message, ...(code === undefined ? {} : { code }) } : null;
    const completion = { outcome, latencyMs, error: told };
    const completed = await completeNear(type, id, completion, (work) => c.executionCtx.waitUntil(work));
    return completed.ok ? c.json(completed.value, 200) : refusal(c, completed);
  });

  app.openapi(renew, async (c) => {
    const { id } = c.req.valid('param');
    const type = await typeOf(c, id);
    if (type === null) return unknownLease(c, id);
    const renewed = await renewNear(type, id, c.req.valid('json').ttlMs);
    if (!renewed.ok) return refusal(c, renewed);
    return c.json({ ...renewed.value, expiresAt: toIso(renewed.value.expiresAt) }, 200);
  });

  app.openapi(list, async (c) => {
    const { limit, cursor, type, componentId = null } = c.req.valid('query');
    const isKnown = (known: EffectiveConfig): boolean => type === undefined || isComponentType(known, type);
    const config = await edgeConfigKnowing(c, isKnown);
    if (!isKnown(config)) {
      const message = `there is no component type ${type}`;
      return problemResponse(c, 'unknown-type', { errors: [{ path: 'type', message }] });
    }
    const types = type === undefined ? [...config.types.keys()] : [type];
    const after = leaseAtCursor(cursor);
    const isOfThese = after == null || types.includes(typeOfLease(after) ?? '');
    if (after === undefined || !isOfThese)
      return problemResponse(c, 'invalid-request', {
        errors: [{ path: 'cursor', message: 'not a cursor of this list' }],
      });
    return c.json(await listLeases({ types, componentId, limit, after }), 200);
  });
}

/** The id says where it is; null when there is no such type. */
async function typeOf(c: Context<AppEnv>, id: string): Promise<string | null> {
  const type = typeOfLease(id);
  if (type === undefined) return null;
  const config = await edgeConfigKnowing(c, (known) => isComponentType(known, type));
  return isComponentType(config, type) ? type : null;
}

const unknownLease = (c: Context<AppEnv>, id: string): ProblemResponse =>
  problemResponse(c, 'unknown-lease', { detail: `there is no lease ${id}` });
