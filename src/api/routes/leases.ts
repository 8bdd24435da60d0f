/** Routes of leases: complete, renew, list. The routing call grants them. */
import { accessScopeOf } from '../../core/access/permission.ts';
import { toIso } from '../../core/component/resource.ts';
import type { EffectiveConfig } from '../../core/config/effective-config.ts';
import { isComponentType } from '../../core/config/effective-config.ts';
import { typeOfLease } from '../../core/lease/lease-id.ts';
import { readCompletion, readRenewal } from '../../core/vital/work-report.ts';
import { renewAtEdge } from '../../edge/edge-leases.ts';
import { completeLease, typeOfLeaseId, unknownLease } from '../use-cases/complete-lease.ts';
import type { App } from '../http/app-env.ts';
import { currentConfigWithType } from '../use-cases/current-config.ts';
import { leaseAtCursor, listLeases } from '../use-cases/list-leases.ts';
import { createRoute, jsonBody, jsonContent, mountVital, problemDefault } from '../http/openapi-route.ts';
import { problemResponse, problemOf } from '../http/problem.ts';
import { readVitalBody, withWarnings } from '../http/vital-body.ts';
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
  summary: 'Complete lease',
  description:
    'Reports the outcome of the work and frees the slots. For five minutes a repeated call returns the first result.',
  request: { params: LeaseParamSchema, body: jsonBody(CompletionSchema) },
  responses: { 200: jsonContent(CompletedLeaseSchema, 'Completed'), ...problemDefault },
});

const renew = createRoute({
  method: 'post',
  path: '/v1/leases/{id}/renew',
  'x-permission': 'route',
  tags,
  summary: 'Renew lease',
  request: { params: LeaseParamSchema, body: jsonBody(RenewalSchema) },
  responses: { 200: jsonContent(RenewedLeaseSchema, 'The lease with its new expiry'), ...problemDefault },
});

const list = createRoute({
  method: 'get',
  path: '/v1/leases',
  'x-permission': 'read',
  tags,
  summary: 'List leases',
  description: 'Current leases, wait queues and their recent results.',
  request: { query: LeaseQuerySchema },
  responses: { 200: jsonContent(LeasePageSchema, 'A page of leases, by type and id'), ...problemDefault },
});

export function mountLeases(app: App): void {
  mountVital(app, complete, async (c) => {
    const message = await readVitalBody(c, readCompletion);
    return message instanceof Response ? message : completeLease(c, c.req.valid('param').id, message);
  });

  mountVital(app, renew, async (c) => {
    const { id } = c.req.valid('param');
    const message = await readVitalBody(c, readRenewal);
    if (message instanceof Response) return message;
    const type = await typeOfLeaseId(c, id);
    if (type === null) return unknownLease(c, id);
    const renewed = await renewAtEdge(type, id, message.value);
    if (!renewed.ok) return problemOf(c, renewed);
    const resource = { ...renewed.value, expiresAt: toIso(renewed.value.expiresAt) };
    return c.json(withWarnings(resource, message.warnings), 200);
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
