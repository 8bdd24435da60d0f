/** Webhooks: made, listed, changed, ended, their secrets rotated. A secret is shown in the answer that makes it. */
import type { Context } from 'hono';
import * as z from 'zod';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { InvalidWebhook, WebhookWithStatus } from '../../coordinator/contract/webhook-api.ts';
import { PAGERDUTY_URL } from '../../core/alert/pagerduty-event.ts';
import { toSecret } from '../../core/component/control-secret.ts';
import { judgeUrl } from '../../core/outbound/url-policy.ts';
import type { Failure } from '../../core/result.ts';
import { defaultTypes } from '../../core/webhook/webhook-faults.ts';
import { outboundPolicyOf } from '../../outbound/outbound-policy.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import { actorOf } from '../auth/actor-of.ts';
import { etagOfDocument, ifMatch } from '../http/if-match.ts';
import { createRoute, jsonBody, jsonContent, jsonContentWith, problemDefault } from '../http/openapi-route.ts';
import type { ProblemCode, ProblemResponse } from '../http/problem.ts';
import { problemResponse, problemOf, problemOptionsOf } from '../http/problem.ts';
import { PageQuerySchema } from '../schemas/common.ts';
import {
  NewWebhookSchema,
  SecretRotationSchema,
  WebhookIdSchema,
  WebhookPageSchema,
  WebhookPatchSchema,
  WebhookRequestSchema,
  WebhookSchema,
} from '../schemas/webhook.ts';
import { toWebhookResource } from '../resources/webhook-resource.ts';

const tags = ['webhooks'];
const params = z.object({ id: WebhookIdSchema });
const headers = z.object({
  'if-match': z.string().optional().meta({ description: 'The ETag that the change is meant for.' }),
});
const ETagSchema = z.object({ etag: z.string().meta({ description: 'Its revision, for If-Match.' }) });
const SECRET_BYTES = 32;

const create = createRoute({
  method: 'post',
  path: '/v1/webhooks',
  'x-permission': 'administer',
  tags,
  summary: 'Have events, or incidents as alerts, sent to a URL',
  request: { body: jsonBody(WebhookRequestSchema) },
  responses: {
    200: jsonContentWith(WebhookSchema, ETagSchema, 'It was made before, with the same id and settings'),
    201: jsonContentWith(NewWebhookSchema, ETagSchema, 'The webhook, with its secret, shown this once'),
    ...problemDefault,
  },
});

const list = createRoute({
  method: 'get',
  path: '/v1/webhooks',
  'x-permission': 'operate',
  tags,
  summary: 'List webhooks and how they stand',
  request: { query: PageQuerySchema },
  responses: { 200: jsonContent(WebhookPageSchema, 'A page of webhooks, by id'), ...problemDefault },
});

const read = createRoute({
  method: 'get',
  path: '/v1/webhooks/{id}',
  'x-permission': 'operate',
  tags,
  summary: 'One webhook and how it stands',
  request: { params },
  responses: { 200: jsonContentWith(WebhookSchema, ETagSchema, 'The webhook'), ...problemDefault },
});

const change = createRoute({
  method: 'patch',
  path: '/v1/webhooks/{id}',
  'x-permission': 'administer',
  tags,
  summary: 'Change, disable or enable a webhook; honours If-Match',
  request: { params, headers, body: jsonBody(WebhookPatchSchema) },
  responses: { 200: jsonContentWith(WebhookSchema, ETagSchema, 'The webhook'), ...problemDefault },
});

const remove = createRoute({
  method: 'delete',
  path: '/v1/webhooks/{id}',
  'x-permission': 'administer',
  tags,
  summary: 'End a webhook with all that is owed to it; honours If-Match',
  request: { params, headers },
  responses: { 204: { description: 'It is no more' }, ...problemDefault },
});

const rotate = createRoute({
  method: 'post',
  path: '/v1/webhooks/{id}/rotate-secret',
  'x-permission': 'administer',
  tags,
  summary: 'Sign with another secret; for a day the one before signs too',
  request: { params, body: { required: false, content: { 'application/json': { schema: SecretRotationSchema } } } },
  responses: {
    200: jsonContentWith(NewWebhookSchema, ETagSchema, 'The webhook, with its secret, shown this once'),
    ...problemDefault,
  },
});

export function mountWebhooks(app: App): void {
  app.openapi(create, async (c) => {
    const { id, secret, types, routingKey = null, url: given, ...rest } = c.req.valid('json');
    const url = given ?? (rest.format === 'pagerduty' ? PAGERDUTY_URL : undefined);
    if (url === undefined)
      return problemResponse(c, 'invalid-request', {
        errors: [{ path: 'url', message: `${rest.format} needs a url` }],
      });
    const fault = urlFault(c, url);
    if (fault) return fault;
    const made = await coordinator().createWebhook(
      {
        id: id ?? `w-${crypto.randomUUID().replaceAll('-', '')}`,
        settings: { ...rest, url, types: types ?? defaultTypes(rest.format), routingKey },
        secret: secret ?? freshSecret(),
        isOwnSecret: secret !== undefined,
      },
      actorOf(c),
    );
    if (!made.ok) return refused(c, made);
    const { standing, created } = made.value;
    const resource = shown(c, standing);
    return created ? c.json({ ...resource, secret: standing.webhook.secret.current }, 201) : c.json(resource, 200);
  });

  app.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    const found = await coordinator().webhooks(cursor ?? '', limit + 1);
    const items = found.slice(0, limit).map((standing) => toWebhookResource(c, standing));
    return c.json({ items, nextCursor: found.length > limit ? (items.at(-1)?.id ?? null) : null }, 200);
  });

  app.openapi(read, async (c) => {
    const { id } = c.req.valid('param');
    const standing = await coordinator().webhook(id);
    if (!standing) return problemResponse(c, 'not-found', { detail: `there is no webhook ${id}` });
    return c.json(shown(c, standing), 200);
  });

  app.openapi(change, async (c) => {
    const { id } = c.req.valid('param');
    const { enabled = null, ...settings } = c.req.valid('json');
    const ifRevision = ifMatch(c);
    if (ifRevision === undefined) return problemResponse(c, 'precondition-invalid');
    const fault = settings.url === undefined ? null : urlFault(c, settings.url);
    if (fault) return fault;
    const changed = await coordinator().changeWebhook(
      { id, settings: given(settings), enabled, ifRevision },
      actorOf(c),
    );
    return changed.ok ? c.json(shown(c, changed.value), 200) : refused(c, changed);
  });

  app.openapi(remove, async (c) => {
    const ifRevision = ifMatch(c);
    if (ifRevision === undefined) return problemResponse(c, 'precondition-invalid');
    const removed = await coordinator().removeWebhook(c.req.valid('param').id, ifRevision, actorOf(c));
    return removed.ok ? c.body(null, 204) : problemOf(c, removed);
  });

  app.openapi(rotate, async (c) => {
    const { id } = c.req.valid('param');
    const { secret = freshSecret() } = c.req.header('content-type') ? c.req.valid('json') : {};
    const rotated = await coordinator().rotateWebhookSecret(id, secret, actorOf(c));
    if (!rotated.ok) return refused(c, rotated);
    return c.json({ ...shown(c, rotated.value), secret: rotated.value.webhook.secret.current }, 200);
  });
}

function shown(c: Context<AppEnv>, standing: WebhookWithStatus) {
  c.header('etag', etagOfDocument(standing.webhook));
  return toWebhookResource(c, standing);
}

/** Judged here and again before each attempt: the rules may be others by then. */
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

const freshSecret = (): string => toSecret(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));

/** Without the fields that are there as undefined: those are not to be changed. */
const given = <T extends object>(settings: T) =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>;
  };
