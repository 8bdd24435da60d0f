/** Routes of webhooks. Only the responses that create or rotate a secret contain it. */
import type { Context } from 'hono';
import * as z from 'zod';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { InvalidWebhook, WebhookWithStatus } from '../../coordinator/contract/webhook-api.ts';
import { PAGERDUTY_URL } from '../../core/alert/pagerduty-event.ts';
import { encodeSecret } from '../../core/component/control-secret.ts';
import { judgeUrl } from '../../core/outbound/url-policy.ts';
import type { Failure } from '../../core/result.ts';
import { defaultTypes } from '../../core/webhook/webhook-faults.ts';
import { outboundPolicyOf } from '../../outbound/outbound-policy.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import { actorOf } from '../auth/actor-of.ts';
import { etagOfDocument, invalidCondition, versionCondition } from '../http/version-condition.ts';
import {
  createRoute,
  jsonBody,
  jsonContent,
  jsonContentWith,
  optionalBody,
  problemDefault,
} from '../http/openapi-route.ts';
import type { ProblemCode, ProblemResponse } from '../http/problem.ts';
import { problemResponse, problemOf, problemOptionsOf } from '../http/problem.ts';
import { IfMatchSchema, IfNoneMatchSchema, PageQuerySchema } from '../schemas/common.ts';
import {
  NewWebhookSchema,
  SecretRotationSchema,
  WebhookIdSchema,
  WebhookPageSchema,
  WebhookPatchSchema,
  WebhookRequestSchema,
  WebhookSchema,
} from '../schemas/webhook.ts';
import { fixedFieldFaults } from '../schemas/read-only.ts';
import { toWebhookResource } from '../resources/webhook-resource.ts';

const tags = ['webhooks'];
const params = z.object({ id: WebhookIdSchema });
const headers = IfMatchSchema;
const ETagSchema = z.object({ etag: z.string().meta({ description: 'Revision of the webhook, for If-Match.' }) });
const SECRET_BYTES = 32;

const create = createRoute({
  method: 'post',
  path: '/v1/webhooks',
  'x-permission': 'administer',
  tags,
  summary: 'Create webhook',
  description: 'Sends events, or incidents as alerts, to a URL. Honours If-None-Match.',
  request: { headers: IfNoneMatchSchema, body: jsonBody(WebhookRequestSchema) },
  responses: {
    200: jsonContentWith(WebhookSchema, ETagSchema, 'The webhook exists already, with the same id and settings'),
    201: jsonContentWith(NewWebhookSchema, ETagSchema, 'The webhook with its secret, shown only once'),
    ...problemDefault,
  },
});

const list = createRoute({
  method: 'get',
  path: '/v1/webhooks',
  'x-permission': 'operate',
  tags,
  summary: 'List webhooks',
  description: 'Webhooks with the state of their deliveries.',
  request: { query: PageQuerySchema },
  responses: { 200: jsonContent(WebhookPageSchema, 'A page of webhooks, by id'), ...problemDefault },
});

const read = createRoute({
  method: 'get',
  path: '/v1/webhooks/{id}',
  'x-permission': 'operate',
  tags,
  summary: 'Read webhook',
  description: 'The webhook with the state of its deliveries.',
  request: { params },
  responses: { 200: jsonContentWith(WebhookSchema, ETagSchema, 'The webhook'), ...problemDefault },
});

const change = createRoute({
  method: 'patch',
  path: '/v1/webhooks/{id}',
  'x-permission': 'administer',
  tags,
  summary: 'Change webhook',
  description: 'Changes settings, disables or enables the webhook. Honours If-Match.',
  request: { params, headers, body: jsonBody(WebhookPatchSchema) },
  responses: { 200: jsonContentWith(WebhookSchema, ETagSchema, 'The webhook'), ...problemDefault },
});

const remove = createRoute({
  method: 'delete',
  path: '/v1/webhooks/{id}',
  'x-permission': 'administer',
  tags,
  summary: 'Delete webhook',
  description: 'Deletes the webhook with its pending deliveries. Honours If-Match.',
  request: { params, headers },
  responses: { 204: { description: 'Deleted' }, ...problemDefault },
});

const rotate = createRoute({
  method: 'post',
  path: '/v1/webhooks/{id}/rotate-secret',
  'x-permission': 'administer',
  tags,
  summary: 'Rotate webhook secret',
  description: 'For 24 hours the previous secret signs too. Honours If-Match.',
  request: { params, headers, body: optionalBody(SecretRotationSchema) },
  responses: {
    200: jsonContentWith(NewWebhookSchema, ETagSchema, 'The webhook with its secret, shown only once'),
    ...problemDefault,
  },
});

export function mountWebhooks(app: App): void {
  app.openapi(create, async (c) => {
    const { id, secret, types, routingKey = null, url: requestedUrl, ...rest } = c.req.valid('json');
    const ifRevision = versionCondition(c);
    if (ifRevision === undefined) return invalidCondition(c);
    const url = requestedUrl ?? (rest.format === 'pagerduty' ? PAGERDUTY_URL : undefined);
    if (url === undefined)
      return problemResponse(c, 'invalid-request', {
        errors: [{ path: 'url', message: `${rest.format} needs a url` }],
      });
    const fault = urlFault(c, url);
    if (fault) return fault;
    const result = await coordinator().createWebhook(
      {
        id: id ?? `w-${crypto.randomUUID().replaceAll('-', '')}`,
        settings: { ...rest, url, types: types ?? defaultTypes(rest.format), routingKey },
        secret: secret ?? freshSecret(),
        isOwnSecret: secret !== undefined,
        ifRevision,
      },
      actorOf(c),
    );
    if (!result.ok) return refused(c, result);
    const { status: found, created } = result.value;
    const resource = toResource(c, found);
    return created ? c.json({ ...resource, secret: found.webhook.secret.current }, 201) : c.json(resource, 200);
  });

  app.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    const found = await coordinator().webhooks(cursor ?? '', limit + 1);
    const items = found.slice(0, limit).map((each) => toWebhookResource(c, each));
    return c.json({ items, nextCursor: found.length > limit ? (items.at(-1)?.id ?? null) : null }, 200);
  });

  app.openapi(read, async (c) => {
    const { id } = c.req.valid('param');
    const found = await coordinator().webhook(id);
    if (!found) return problemResponse(c, 'not-found', { detail: `there is no webhook ${id}` });
    return c.json(toResource(c, found), 200);
  });

  app.openapi(change, async (c) => {
    const { id } = c.req.valid('param');
    const { enabled = null, id: sentId = id, ...settings } = c.req.valid('json');
    const idFaults = fixedFieldFaults({ id: sentId }, { id });
    if (idFaults.length > 0) return problemResponse(c, 'invalid-request', { errors: idFaults });
    const ifRevision = versionCondition(c);
    if (ifRevision === undefined) return invalidCondition(c);
    const fault = settings.url === undefined ? null : urlFault(c, settings.url);
    if (fault) return fault;
    const changed = await coordinator().changeWebhook(
      { id, settings: withoutUndefined(settings), enabled, ifRevision },
      actorOf(c),
    );
    return changed.ok ? c.json(toResource(c, changed.value), 200) : refused(c, changed);
  });

  app.openapi(remove, async (c) => {
    const ifRevision = versionCondition(c);
    if (ifRevision === undefined) return invalidCondition(c);
    const removed = await coordinator().removeWebhook(c.req.valid('param').id, ifRevision, actorOf(c));
    return removed.ok ? c.body(null, 204) : problemOf(c, removed);
  });

  app.openapi(rotate, async (c) => {
    const { id } = c.req.valid('param');
    const { secret = freshSecret() } = c.req.valid('json');
    const ifRevision = versionCondition(c);
    if (ifRevision === undefined) return invalidCondition(c);
    const rotated = await coordinator().rotateWebhookSecret({ id, secret, ifRevision }, actorOf(c));
    if (!rotated.ok) return refused(c, rotated);
    return c.json({ ...toResource(c, rotated.value), secret: rotated.value.webhook.secret.current }, 200);
  });
}

function toResource(c: Context<AppEnv>, found: WebhookWithStatus) {
  c.header('etag', etagOfDocument(found.webhook));
  return toWebhookResource(c, found);
}

/** Problem for a forbidden URL. Checked here and before each attempt, because the policy may change. */
function urlFault(c: Context<AppEnv>, url: string): ProblemResponse | null {
  const judged = judgeUrl(url, outboundPolicyOf(c.env));
  if (judged.ok) return null;
  return problemResponse(c, 'endpoint-not-allowed', { errors: [{ path: 'url', message: judged.message }] });
}

const refused = (c: Context<AppEnv>, failure: Failure<ProblemCode> | InvalidWebhook): ProblemResponse =>
  problemResponse(c, failure.reason, {
    ...problemOptionsOf(failure),
    ...('faults' in failure ? { errors: failure.faults } : {}),
  });

const freshSecret = (): string => encodeSecret(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));

/** Removes fields that are undefined, which must not change. */
const withoutUndefined = <T extends object>(settings: T) =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>;
  };
