import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Webhook } from 'standardwebhooks';
import { describe, expect, inject, it } from 'vitest';
import { coordinator } from '../../src/coordinator/coordinator-api.ts';
import type { EventDraft } from '../../src/core/event/coordinator-event.ts';
import { consumeDeliveries } from '../../src/deliveries/consume-deliveries.ts';
import { eventually, freshId, setMode } from '../support/coordinator-http.ts';

interface Hook {
  readonly headers: Record<string, string>;
  readonly body: string;
}

const RECEIVER = 'alert-receiver';

async function hooksAbout(subject: string): Promise<Hook[]> {
  const log = (await (await fetch(`${inject('componentUrl')}/${RECEIVER}/log`)).json()) as { hooks: Hook[] };
  return log.hooks.filter((hook) => hook.body.includes(subject));
}

const alertAbout = (subject: string): EventDraft => ({
  key: `${subject}:opened`,
  type: 'incident.opened',
  subject,
  time: Date.now(),
  data: { incidentId: `i-${subject}`, severity: 'critical' },
});

const batchOf = (deliveryId: unknown, queue = 'arbiter-deliveries') =>
  createMessageBatch(queue, [{ id: 'm1', timestamp: Date.now(), attempts: 2, body: { deliveryId } }]);

async function consume(batch: MessageBatch): ReturnType<typeof getQueueResult> {
  const context = createExecutionContext();
  await consumeDeliveries(batch, env, Date.now());
  return getQueueResult(batch, context);
}

describe('an incident', () => {
  it('reaches the webhook through the queue, signed, once', async () => {
    const subject = freshId('alert');
    await coordinator().publish([alertAbout(subject)], null);
    await coordinator().publish([alertAbout(subject)], null);
    const [hook] = await eventually(
      () => hooksAbout(subject),
      (hooks) => hooks.length > 0,
    );
    const event = new Webhook(env.ALERT_WEBHOOK_SECRET).verify(hook!.body, hook!.headers);
    expect(event).toMatchObject({ specversion: '1.0', type: 'incident.opened', subject });
    await eventually(
      async () => (await coordinator().delivery(`alert-${subject}:opened`))?.state,
      (state) => state === 'delivered',
    );

    // The queue may hand it over again: what is settled is not sent twice.
    const again = await consume(batchOf(`alert-${subject}:opened`));
    expect(again.explicitAcks).toEqual(['m1']);
    expect(await hooksAbout(subject)).toHaveLength(1);
  });
});

describe('a message of the queue', () => {
  it('is asked for again, later, while the receiver does not take it, and buried by the dead-letter queue', async () => {
    const subject = freshId('alert');
    await setMode(RECEIVER, 'unavailable');
    await coordinator().publish([alertAbout(subject)], null);
    const deliveryId = `alert-${subject}:opened`;
    const tried = await consume(batchOf(deliveryId));
    expect(tried.retryMessages).toMatchObject([{ msgId: 'm1' }]);
    expect((await coordinator().delivery(deliveryId))?.state).toBe('owed');

    const buried = await consume(batchOf(deliveryId, 'arbiter-deliveries-dead'));
    expect(buried.explicitAcks).toEqual(['m1']);
    expect((await coordinator().delivery(deliveryId))?.state).toBe('dead');
    await setMode(RECEIVER, 'healthy');
    expect((await consume(batchOf(deliveryId))).explicitAcks).toEqual(['m1']);
    expect(await hooksAbout(subject)).toEqual([]);
  });

  it('that is not one of ours is acknowledged and does nothing', async () => {
    expect((await consume(batchOf(42))).explicitAcks).toEqual(['m1']);
    expect((await consume(batchOf('alert-of-nobody'))).explicitAcks).toEqual(['m1']);
  });
});
