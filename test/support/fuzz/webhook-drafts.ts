/** Valid requests about webhooks. The created webhooks match no event, so that no delivery is sent. */
import * as fc from 'fast-check';
import { EVENT_TYPES } from '../../../src/core/event/coordinator-event.ts';
import type { Draft } from './fuzz-request.ts';
import type { Value } from './strange-values.ts';
import { someText } from './strange-values.ts';

const URL = 'http://127.0.0.1:1/hook';

const webhookId = fc.nat(9).map((at) => `fuzz-${at}`);
const oneWebhook = webhookId.map((id) => ({ id }));
const description = someText(128).map((text) => text.toWellFormed().replaceAll(/[\p{Cc}\p{Cs}]/gu, '·'));
const types = fc.oneof(
  fc.constantFrom(['*'], ['component.*', 'recovery.failed']),
  fc.subarray([...EVENT_TYPES], { minLength: 1 }),
);

const bodyDraft = (body: fc.Arbitrary<object>): fc.Arbitrary<Draft> =>
  body.map((made) => ({ params: {}, query: [], headers: {}, body: made as unknown as Value }));

export const newWebhookDraft = bodyDraft(
  fc.record(
    {
      id: webhookId,
      url: fc.constant(URL),
      subjects: fc.constant(['nobody']),
      types,
      description,
      secret: fc.constant(`whsec_${btoa('x'.repeat(32))}`),
      format: fc.constant('cloudevents'),
    },
    { requiredKeys: ['id', 'url', 'subjects'], noNullPrototype: true },
  ),
);

const onOne = (body: fc.Arbitrary<Value>): fc.Arbitrary<Draft> =>
  fc.tuple(oneWebhook, body).map(([params, made]) => ({ params, query: [], headers: {}, body: made }));

export const readWebhookDraft: fc.Arbitrary<Draft> = oneWebhook.map((params) => ({ params, query: [], headers: {} }));

export const changeWebhookDraft = onOne(
  fc
    .record({ description, enabled: fc.boolean(), types }, { requiredKeys: [], noNullPrototype: true })
    .map((made) => made as unknown as Value),
);

export const rotateWebhookDraft = onOne(fc.constantFrom<Value>({}, { secret: `whsec_${btoa('y'.repeat(24))}` }));

export const replayWebhookDraft = onOne(fc.constantFrom<Value>({}, { after: Number.MAX_SAFE_INTEGER }));

export const replayDeliveryDraft: fc.Arbitrary<Draft> = fc
  .tuple(oneWebhook, fc.nat(9))
  .map(([{ id }, at]) => ({ params: { id, deliveryId: `d-${id}-${at}` }, query: [], headers: {} }));

export const deliveriesDraft: fc.Arbitrary<Draft> = fc
  .tuple(oneWebhook, fc.constantFrom('pending', 'delivered', 'dead'))
  .map(([params, state]) => ({ params, query: [['state', state] as const], headers: {} }));
