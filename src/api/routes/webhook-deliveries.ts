/** Routes of webhook deliveries: list, replay, and a test delivery. */
import { exports } from 'cloudflare:workers';
import * as z from 'zod';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { DeliveryRunner } from '../../core/delivery/delivery-contract.ts';
import { judgeAttempt } from '../../core/delivery/delivery-attempt.ts';
import { printable } from '../../core/printable.ts';
import { MAX_PAGE_BYTES, boundedPage, utf8Length } from '../../core/bounded-page.ts';
import type { App } from '../http/app-env.ts';
import { actorOf } from '../auth/actor-of.ts';
import { createRoute, jsonContent, optionalBody, problemDefault } from '../http/openapi-route.ts';
import { problemResponse, problemOf, problemOptionsOf } from '../http/problem.ts';
import {
  DeliveryIdSchema,
  DeliveryPageSchema,
  DeliveryQuerySchema,
  DeliverySchema,
  ReplayReceiptSchema,
  ReplayRequestSchema,
  WebhookIdSchema,
  WebhookTestSchema,
} from '../schemas/webhook.ts';
import { isSending, toDeliveryResource } from '../resources/webhook-resource.ts';

const entrypoints = exports as unknown as { readonly DeliverySender: DeliveryRunner };

const tags = ['webhooks'];
const params = z.object({ id: WebhookIdSchema });
const CURSOR = /^[1-9]\d{0,15}$/;
const MAX_RESPONSE_CHARS = 512;

const list = createRoute({
  method: 'get',
  path: '/v1/webhooks/{id}/deliveries',
  'x-permission': 'operate',
  tags,
  summary: 'List deliveries, newest first',
  description: 'Sent and pending deliveries of a webhook.',
  request: { params, query: DeliveryQuerySchema },
  responses: { 200: jsonContent(DeliveryPageSchema, 'A page of deliveries'), ...problemDefault },
});

const replayOne = createRoute({
  method: 'post',
  path: '/v1/webhooks/{id}/deliveries/{deliveryId}/replay',
  'x-permission': 'operate',
  tags,
  summary: 'Replay delivery',
  description: 'Sends a delivery again, or a pending one now.',
  request: { params: params.extend({ deliveryId: DeliveryIdSchema }) },
  responses: { 202: jsonContent(DeliverySchema, 'The delivery, pending'), ...problemDefault },
});

const replayAll = createRoute({
  method: 'post',
  path: '/v1/webhooks/{id}/replay',
  'x-permission': 'operate',
  tags,
  summary: 'Replay deliveries',
  description:
    'Sends dead deliveries again and pending ones now. With `after`: replays the matching events after it instead.',
  request: { params, body: optionalBody(ReplayRequestSchema) },
  responses: { 202: jsonContent(ReplayReceiptSchema, 'The deliveries are pending'), ...problemDefault },
});

const test = createRoute({
  method: 'post',
  path: '/v1/webhooks/{id}/test',
  'x-permission': 'operate',
  tags,
  summary: 'Test webhook',
  description: 'Sends one test delivery at once, without retries, and returns the response of the receiver.',
  request: { params },
  responses: { 200: jsonContent(WebhookTestSchema, 'Result of the test'), ...problemDefault },
});

export function mountWebhookDeliveries(app: App): void {
  app.openapi(list, async (c) => {
    const { id } = c.req.valid('param');
    const { state, limit, cursor } = c.req.valid('query');
    if (cursor !== undefined && !CURSOR.test(cursor))
      return problemResponse(c, 'invalid-request', {
        errors: [{ path: 'cursor', message: 'not a cursor of this list' }],
      });
    const before = cursor === undefined ? null : Number(cursor);
    const [webhook, found] = await Promise.all([
      coordinator().webhook(id),
      coordinator().webhookDeliveries(id, { state: state ?? null, before, limit: limit + 1 }),
    ]);
    if (!webhook || !found) return problemResponse(c, 'not-found', { detail: `there is no webhook ${id}` });
    const bounds = { limit, maxBytes: MAX_PAGE_BYTES };
    const page = boundedPage(found, bounds, (delivery) => utf8Length(JSON.stringify(delivery)));
    const items = page.items.map((delivery) => toDeliveryResource(delivery, isSending(webhook)));
    return c.json({ items, nextCursor: page.more ? String(page.items.at(-1)?.place ?? '') : null }, 200);
  });

  app.openapi(replayOne, async (c) => {
    const { id, deliveryId } = c.req.valid('param');
    const replayed = await coordinator().replayDelivery(id, deliveryId, actorOf(c));
    return replayed.ok ? c.json(toDeliveryResource(replayed.value, true), 202) : problemOf(c, replayed);
  });

  app.openapi(replayAll, async (c) => {
    const { id } = c.req.valid('param');
    const { after = null } = c.req.valid('json');
    const replayed = await coordinator().replayWebhook(id, after, actorOf(c));
    if (replayed.ok) return c.json(replayed.value, 202);
    return problemResponse(c, replayed.reason, {
      ...problemOptionsOf(replayed),
      ...('faults' in replayed ? { errors: replayed.faults } : {}),
    });
  });

  app.openapi(test, async (c) => {
    const { id } = c.req.valid('param');
    const testId = `test-${crypto.randomUUID()}`;
    const job = await coordinator().webhookTest(id, testId, actorOf(c));
    if (!job.ok) return problemOf(c, job);
    const { response, ...outcome } = await entrypoints.DeliverySender.dryRun(job.value);
    const verdict = judgeAttempt(outcome);
    return c.json(
      {
        id: testId,
        delivered: verdict.kind === 'delivered',
        status: outcome.status,
        durationMs: outcome.durationMs,
        error: verdict.kind === 'delivered' ? null : verdict.error,
        response: printable(response, MAX_RESPONSE_CHARS),
      },
      200,
    );
  });
}
