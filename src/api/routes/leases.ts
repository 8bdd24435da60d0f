/** Leases that were granted by the routing call: completed, renewed, listed. */
import { accessScopeOf } from '../../core/access/permission.ts';
import { toIso } from '../../core/component/resource.ts';
import type { EffectiveConfig } from '../../core/config/effective-config.ts';
import { isComponentType } from '../../core/config/effective-config.ts';
import { typeOfLease } from '../../core/lease/lease-id.ts';
import { renewNear } from '../../edge/edge-leases.ts';
import { completeLease, typeOfLeaseId, unknownLease } from '../use-cases/complete-lease.ts';
import type { App } from '../http/app-env.ts';
import { currentConfigWithType } from '../use-cases/current-config.ts';
import { leaseAtCursor, listLeases } from '../use-cases/list-leases.ts';
import { createRoute, jsonBody, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { problemResponse, problemOf } from '../http/problem.ts';
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
  app.openapi(complete, (c) => completeLease(c, c.req.valid('param').id, c.req.valid('json')));

  app.openapi(renew, async (c) => {
    const { id } = c.req.valid('param');
    const type = await typeOfLeaseId(c, id);
    if (type === null) return unknownLease(c, id);
    const renewed = await renewNear(type, id, c.req.valid('json').ttlMs);
    if (!renewed.ok) return problemOf(c, renewed);
    return c.json({ ...renewed.value, expiresAt: toIso(renewed.value.expiresAt) }, 200);
  });

  app.openapi(list, async (c) => {
    const { limit, cursor, type, componentId = null } = c.req.valid('query');
    const isKnown = (known: EffectiveConfig): boolean => type === undefined || isComponentType(known, type);
    const config = await currentConfigWithType(c, isKnown);
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
    const { scopes, keyId } = c.get('principal');
    const withHolders = accessScopeOf(scopes, keyId, 'operate') !== null;
    return c.json(await listLeases({ types, componentId, limit, after, withHolders }), 200);
  });
}
