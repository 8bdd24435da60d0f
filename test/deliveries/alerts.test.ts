import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Webhook } from 'standardwebhooks';
import { describe, expect, inject, it } from 'vitest';
import { coordinator } from '../../src/coordinator/contract/coordinator-api.ts';
import type { EventDraft } from '../../src/core/event/coordinator-event.ts';
import { consumeDeliveries } from '../../src/deliveries/consume-deliveries.ts';
import { call, eventually, freshId, setMode } from '../support/coordinator-http.ts';

interface Hook {
  readonly headers: Record<string, string>;
  readonly body: string;
}

async function hooksOf(receiver: string, subject: string): Promise<Hook[]> {
  const log = (await (await fetch(`${inject('componentUrl')}/${receiver}/log`)).json()) as { hooks: Hook[] };
  return log.hooks.filter((hook) => hook.body.includes(subject));
}

const hooksAbout = (subject: string): Promise<Hook[]> => hooksOf('alert-receiver', subject);

const alertAbout = (subject: string): EventDraft => ({
  key: `${subject}:opened`,
  type: 'incident.opened',
  subject,
  time: Date.now(),
  data: { incidentId: `i-${subject}`, severity: 'critical' },
});

const batchOf = (body: unknown, queue = 'arbiter-deliveries') =>
  createMessageBatch(queue, [{ id: 'm1', timestamp: Date.now(), attempts: 2, body }]);

async function consume(batch: MessageBatch): ReturnType<typeof getQueueResult> {
  const context = createExecutionContext();
  await consumeDeliveries(batch);
  return getQueueResult(batch, context);
}

const deliveryOf = async (webhookId: string, deliveryId: string) =>
  (await call('GET', `/v1/webhooks/${webhookId}/deliveries?limit=500`)).body.items.find(
    ({ id }: { id: string }) => id === deliveryId,
  );

describe('the alert of an incident', () => {
  it('reaches the webhook of the deployment configuration through the queue, signed, once', async () => {
    const subject = freshId('alert');
    await coordinator().publish([alertAbout(subject)], null);
    await coordinator().publish([alertAbout(subject)], null);
    const [hook] = await eventually(
      () => hooksAbout(subject),
      (hooks) => hooks.length > 0,
    );
    const event = new Webhook(env.ALERT_WEBHOOK_SECRET).verify(hook!.body, hook!.headers);
    expect(event).toMatchObject({ specversion: '1.0', type: 'incident.opened', subject });
    const deliveryId = `alert-${subject}:opened`;
    expect(hook!.headers['webhook-id']).toBe(deliveryId);
    await eventually(
      async () => (await deliveryOf('alerts', deliveryId))?.state,
      (state) => state === 'delivered',
    );

    // The queue may deliver the message again, but a settled delivery is not sent twice.
    const again = await consume(batchOf({ deliveryId, attempt: 1 }));
    expect(again.explicitAcks).toEqual(['m1']);
    await coordinator().sweep(Date.now());
    expect(await hooksAbout(subject)).toHaveLength(1);
  });

  it('that is not accepted waits for its next attempt, shows the first one, and can be replayed', async () => {
    const [subject, receiver] = [freshId('alert'), freshId('receiver')];
    await setMode(receiver, 'unavailable');
    const url = `${inject('componentUrl')}/${receiver}/hook`;
    const { body: webhook } = await call('POST', '/v1/webhooks', { url, subjects: [subject], types: ['incident.*'] });
    await coordinator().publish([alertAbout(subject)], null);
    const path = `/v1/webhooks/${webhook.id}`;
    const failed = await eventually(
      async () => (await call('GET', `${path}/deliveries`)).body.items[0],
      (delivery) => delivery?.attempts[0]?.status === 503,
    );
    expect(failed).toMatchObject({ state: 'pending', event: { type: 'incident.opened', subject }, inProgress: false });
    expect((await call('GET', path)).body).toMatchObject({ pending: 1, failingSince: expect.any(String) });
    expect((await call('POST', `${path}/test`)).body).toMatchObject({ delivered: false, status: 503 });

    await setMode(receiver, 'healthy');
    const replay = await call('POST', `${path}/deliveries/${failed.id}/replay`);
    expect(replay.status).toBe(202);
    const [hook] = await eventually(
      () => hooksOf(receiver, subject),
      (hooks) => hooks.length > 0,
    );
    expect(hook!.headers['webhook-id']).toBe(failed.id);
    expect(new Webhook(webhook.secret).verify(hook!.body, hook!.headers)).toMatchObject({ subject });
    expect((await call('POST', `${path}/test`)).body).toMatchObject({ delivered: true, status: 200, error: null });
    await call('DELETE', path);
  });
});

describe('a queue message', () => {
  it('that is malformed or names an unknown delivery is acknowledged without effect', async () => {
    expect((await consume(batchOf(42))).explicitAcks).toEqual(['m1']);
    expect((await consume(batchOf({ deliveryId: 'alert-of-old' }))).explicitAcks).toEqual(['m1']);
    expect((await consume(batchOf({ deliveryId: 'of-nobody', attempt: 1 }))).explicitAcks).toEqual(['m1']);
  });

  it('from the dead-letter queue is acknowledged, because the coordinator hands the delivery over again', async () => {
    const deadLettered = await consume(batchOf({ deliveryId: 'd', attempt: 1 }, 'arbiter-deliveries-dead'));
    expect(deadLettered.explicitAcks).toEqual(['m1']);
  });
});
