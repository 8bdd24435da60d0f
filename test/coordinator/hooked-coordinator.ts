/** Coordinators with a webhook whose deliveries the test attempts itself. No queue consumer sends them. */
import { expect, vi } from 'vitest';
import type { Delivery } from '../../src/coordinator/contract/delivery-api.ts';
import type { WebhookDraft } from '../../src/coordinator/contract/webhook-api.ts';
import type { EventDraft } from '../../src/core/event/coordinator-event.ts';
import type { WebhookSettings } from '../../src/core/webhook/webhook.ts';
import type { FreshCoordinator } from './fresh-coordinator.ts';
import { freshCoordinator } from './fresh-coordinator.ts';

export const ACTOR = { keyId: 'root', keyName: 'tests', address: null, requestId: 'q' };
export const HOOK = 'w-1';

export const advanceClock = (ms: number): unknown => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });

export const draft = (settings: Partial<WebhookSettings> = {}, id = HOOK): WebhookDraft => ({
  id,
  settings: {
    url: 'http://127.0.0.1:1/hook',
    format: 'cloudevents',
    types: ['component.*'],
    subjects: [],
    componentTypes: [],
    description: '',
    routingKey: null,
    ...settings,
  },
  secret: `whsec_${btoa('x'.repeat(32))}`,
  isOwnSecret: true,
  ifRevision: null,
});

export async function coordinatorWithWebhook(settings: Partial<WebhookSettings> = {}): Promise<FreshCoordinator> {
  const api = freshCoordinator();
  expect(await api.createWebhook(draft(settings), ACTOR)).toMatchObject({ ok: true, value: { created: true } });
  return api;
}

let made = 0;
export const eventAbout = (subject: string, more: Partial<EventDraft> = {}): EventDraft => ({
  key: `e-${++made}`,
  type: 'component.failed',
  subject,
  time: Date.now(),
  data: {},
  ...more,
});

export const deliveriesOf = async (api: FreshCoordinator, id = HOOK): Promise<Delivery[]> =>
  ((await api.webhookDeliveries(id, { state: null, before: null, limit: 500 })) ?? []).toReversed();

export const handedOver = async (api: FreshCoordinator): Promise<Delivery[]> =>
  (await deliveriesOf(api)).filter(({ state }) => state === 'handed');

export const orderOf = ({ id, attempt }: Delivery) => ({ deliveryId: id, attempt });

export const attemptResult = (status: number | null, retryAfterMs: number | null = null) => ({
  at: Date.now(),
  durationMs: 3,
  status,
  error: status === null ? 'TIMEOUT' : null,
  retryAfterMs,
});

/** Makes the attempt of a delivery that was handed to the queue. Returns the sent payload, null if it may not begin. */
export async function attempt(
  api: FreshCoordinator,
  delivery: Delivery,
  status: number | null,
): Promise<string | null> {
  const job = await api.beginDelivery(orderOf(delivery));
  if (job) await api.reportDelivery(orderOf(delivery), attemptResult(status));
  return job && job.payload;
}

export const deliveryById = async (api: FreshCoordinator, id: string): Promise<Delivery> =>
  (await deliveriesOf(api)).find((delivery) => delivery.id === id)!;

export const webhookStatus = async (api: FreshCoordinator, id = HOOK) => (await api.webhook(id))!;

export const typesIn = async (api: FreshCoordinator): Promise<string[]> =>
  (await api.events({ after: 0, types: null, limit: 1_000, newest: false })).map(({ type }) => type);
