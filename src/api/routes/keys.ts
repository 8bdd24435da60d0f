/** Routes of API keys: create, list, rotate, change, revoke. Only the response that creates a key contains it. */
import * as z from 'zod';
import { parseScope } from '../../core/access/scope.ts';
import type { Scope } from '../../core/access/scope.ts';
import type { EffectiveConfig } from '../../core/config/effective-config.ts';
import { isComponentType } from '../../core/config/effective-config.ts';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { App } from '../http/app-env.ts';
import { actorOf } from '../auth/actor-of.ts';
import { currentConfigWithType } from '../use-cases/current-config.ts';
import { fixedFieldFaults } from '../schemas/read-only.ts';
import { toKeyResource, toNewKeyResource } from '../resources/key-resource.ts';
import { createKey, rotateKey } from '../auth/issue-key.ts';
import { createRoute, jsonBody, jsonContent, optionalBody, problemDefault } from '../http/openapi-route.ts';
import { problemResponse, problemOf } from '../http/problem.ts';
import { PageQuerySchema } from '../schemas/common.ts';
import {
  KeyChangeSchema,
  KeyIdSchema,
  KeyPageSchema,
  KeyRequestSchema,
  KeySchema,
  NewKeySchema,
  RotationSchema,
  expiryFault,
} from '../schemas/key.ts';

const tags = ['keys'];
const params = z.object({ id: KeyIdSchema });

const create = createRoute({
  method: 'post',
  path: '/v1/keys',
  'x-permission': 'administer',
  tags,
  summary: 'Create key',
  request: { body: jsonBody(KeyRequestSchema) },
  responses: { 201: jsonContent(NewKeySchema, 'The key, shown only once'), ...problemDefault },
});

const list = createRoute({
  method: 'get',
  path: '/v1/keys',
  'x-permission': 'administer',
  tags,
  summary: 'List keys',
  description: 'Revoked keys stay in the list for 30 days, keys of removed components for an hour.',
  request: { query: PageQuerySchema },
  responses: { 200: jsonContent(KeyPageSchema, 'A page of keys, by id'), ...problemDefault },
});

const read = createRoute({
  method: 'get',
  path: '/v1/keys/{id}',
  'x-permission': 'administer',
  tags,
  summary: 'Read key',
  request: { params },
  responses: { 200: jsonContent(KeySchema, 'The key, without its secret'), ...problemDefault },
});

const rotate = createRoute({
  method: 'post',
  path: '/v1/keys/{id}/rotate',
  'x-permission': 'administer',
  tags,
  summary: 'Rotate key secret',
  description: 'The previous secret stays valid for the overlap.',
  request: { params, body: optionalBody(RotationSchema) },
  responses: { 200: jsonContent(NewKeySchema, 'The key, shown only once'), ...problemDefault },
});

const change = createRoute({
  method: 'patch',
  path: '/v1/keys/{id}',
  'x-permission': 'administer',
  tags,
  summary: 'Change key quotas',
  description: 'Applies everywhere within 3 s. Leases beyond a smaller quota stay until they end.',
  request: { params, body: jsonBody(KeyChangeSchema) },
  responses: { 200: jsonContent(KeySchema, 'The key as it is now'), ...problemDefault },
});

const revoke = createRoute({
  method: 'delete',
  path: '/v1/keys/{id}',
  'x-permission': 'administer',
  tags,
  summary: 'Revoke key',
  description: 'The key stops working everywhere within 3 s.',
  request: {
    params,
    query: z.object({
      cascade: z
        .enum(['true', 'false'])
        .default('false')
        .meta({ description: 'True: also revoke the component keys issued for this key.' }),
    }),
  },
  responses: { 200: jsonContent(KeySchema, 'The key, revoked now or earlier'), ...problemDefault },
});

export function mountKeys(app: App): void {
  app.openapi(create, async (c) => {
    const { name, scopes, expiresAt, quotas = {} } = c.req.valid('json');
    const until = expiresAt === undefined ? null : Date.parse(expiresAt);
    const config = await currentConfigWithType(c, (known) =>
      scopes.every((text) => isOfKnownType(parseScope(text), known)),
    );
    const errors = scopes.flatMap((scope, at) => {
      const message = scopeFault(scope, config);
      return message === null ? [] : [{ path: `scopes[${at}]`, message }];
    });
    const expiry = expiryFault(until, Date.now());
    if (expiry !== null) errors.push({ path: 'expiresAt', message: expiry });
    if (errors.length > 0) return problemResponse(c, 'invalid-request', { errors });
    const made = await createKey({ name, scopes: [...new Set(scopes)], expiresAt: until, quotas }, actorOf(c));
    if (!made.ok) return problemOf(c, made);
    return c.json(toNewKeyResource(made.value), 201);
  });

  app.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    const found = await coordinator().keys(cursor ?? '', limit + 1);
    const items = found.slice(0, limit);
    const nextCursor = found.length > limit ? (items.at(-1)?.id ?? null) : null;
    return c.json({ items: items.map(toKeyResource), nextCursor }, 200);
  });

  app.openapi(read, async (c) => {
    const { id } = c.req.valid('param');
    const key = await coordinator().key(id);
    if (!key) return problemResponse(c, 'unknown-key', { detail: `there is no key ${id}` });
    return c.json(toKeyResource(key), 200);
  });

  app.openapi(rotate, async (c) => {
    const { id } = c.req.valid('param');
    const { overlapMs } = c.req.valid('json');
    const made = await rotateKey(id, { overlapMs }, actorOf(c));
    if (!made.ok) return problemOf(c, made);
    return c.json(toNewKeyResource(made.value), 200);
  });

  app.openapi(change, async (c) => {
    const { id } = c.req.valid('param');
    const { quotas, ...fixed } = c.req.valid('json');
    if (Object.keys(fixed).length > 0) {
      const key = await coordinator().key(id);
      const errors = key ? fixedFieldFaults(fixed, toKeyResource(key)) : [];
      if (errors.length > 0) return problemResponse(c, 'invalid-request', { errors });
    }
    const changed = await coordinator().setQuotas(id, quotas, actorOf(c));
    return changed.ok ? c.json(toKeyResource(changed.value), 200) : problemOf(c, changed);
  });

  app.openapi(revoke, async (c) => {
    const { id } = c.req.valid('param');
    const { cascade } = c.req.valid('query');
    const revoked = await coordinator().revokeKey(id, { cascade: cascade === 'true' }, actorOf(c));
    if (!revoked.ok) return problemOf(c, revoked);
    return c.json(toKeyResource(revoked.value), 200);
  });
}

function scopeFault(text: string, config: EffectiveConfig): string | null {
  const scope = parseScope(text);
  if (!scope) return `not a scope: ${JSON.stringify(text.slice(0, 80))}`;
  return isOfKnownType(scope, config) ? null : `there is no component type ${text.slice(text.indexOf(':') + 1)}`;
}

const isOfKnownType = (scope: Scope | undefined, config: EffectiveConfig): boolean =>
  scope?.kind !== 'registrar' || config.global.newTypes === 'create' || isComponentType(config, scope.type);
