import { describe, expect, it } from 'vitest';
import { componentTypeOf, wantsEvent } from '../../../src/core/webhook/wants-event.ts';
import { testPayload } from '../../../src/core/webhook/test-payload.ts';
import type { Webhook, WebhookSettings } from '../../../src/core/webhook/webhook.ts';
import { GIVE_UP_AFTER_MS, WEBHOOK_FORMATS, givesUp, maskUrl } from '../../../src/core/webhook/webhook.ts';
import { defaultTypes, webhookFaults } from '../../../src/core/webhook/webhook-faults.ts';

const settings = (more: Partial<WebhookSettings> = {}): WebhookSettings => ({
  url: 'https://hooks.example.com/services/T0/B0/secret?token=1',
  format: 'cloudevents',
  types: ['*'],
  subjects: [],
  componentTypes: [],
  description: '',
  routingKey: null,
  ...more,
});

const event = (type: string, subject: string) => ({ type, subject }) as { type: 'component.failed'; subject: string };

describe('wantsEvent', () => {
  it.each([
    [{}, 'component.failed', 'a', null, true],
    [{ types: ['incident.*'] }, 'component.failed', 'a', null, false],
    [{ types: ['incident.*'] }, 'incident.opened', 'a', null, true],
    [{ types: ['component.failed'] }, 'component.failed', 'a', null, true],
    [{ types: ['component.fail'] }, 'component.failed', 'a', null, false],
    [{ subjects: ['a', 'router-*'] }, 'component.failed', 'router-7', null, true],
    [{ subjects: ['a', 'router-*'] }, 'component.failed', 'ab', null, false],
    [{ componentTypes: ['task_router'] }, 'component.failed', 'a', 'task_router', true],
    [{ componentTypes: ['task_router'] }, 'component.failed', 'a', 'other', false],
    [{ componentTypes: ['task_router'] }, 'component.failed', 'a', null, false],
    [{}, 'webhook.disabled', 'other', null, true],
    // Each such event would cause another.
    [{}, 'webhook.disabled', 'me', null, false],
  ])('filter %j, event %s of %s, component type %s: %j', (filters, type, subject, componentType, expected) => {
    const { types, subjects, componentTypes } = settings(filters);
    expect(wantsEvent({ id: 'me', types, subjects, componentTypes }, event(type, subject), componentType)).toBe(
      expected,
    );
  });

  it.each([
    ['component.registered', 'a', { component: { type: 'task_router' } }, 'task_router'],
    ['recovery.started', 'a', { componentType: 'task_router' }, 'task_router'],
    ['config.changed', 'task_router', { scope: 'type' }, 'task_router'],
    // A component may have the name of a type.
    ['config.changed', 'task_router', { scope: 'component' }, null],
    ['load.redistributed', 'task_router', { type: 'task_router' }, 'task_router'],
    ['system.self-doubt-began', 'task_router', {}, 'task_router'],
    ['config.controller-secret-rotated', 'task_router', {}, 'task_router'],
    ['component.unregistered', 'a', {}, null],
  ])('the component type of event %s of %s with %j is %j', (type, subject, data, expected) => {
    expect(componentTypeOf({ ...event(type, subject), data })).toBe(expected);
  });
});

describe('webhook settings', () => {
  it.each([
    [settings(), []],
    [settings({ format: 'pagerduty', types: ['incident.*'] }), ['routingKey']],
    [settings({ format: 'pagerduty', types: ['incident.*'], routingKey: 'k' }), []],
    [settings({ routingKey: 'k' }), ['routingKey']],
    [settings({ format: 'slack', types: ['incident.opened', '*', 'component.*'] }), ['types[1]', 'types[2]']],
  ])('%j has faults at %j', (subject, paths) => {
    expect(webhookFaults(subject).map(({ path }) => path)).toEqual(paths);
  });

  it('are valid by default', () => {
    for (const format of WEBHOOK_FORMATS) {
      const routingKey = format === 'pagerduty' ? 'k' : null;
      expect(webhookFaults(settings({ format, types: defaultTypes(format), routingKey }))).toEqual([]);
    }
  });

  it('show only the origin of a URL', () => {
    expect(maskUrl(settings().url)).toBe('https://hooks.example.com/***');
    expect(maskUrl('not a URL')).toBe('***');
  });

  it('disable the webhook after five days of failures', () => {
    expect([givesUp(0, GIVE_UP_AFTER_MS - 1), givesUp(0, GIVE_UP_AFTER_MS)]).toEqual([false, true]);
  });

  it.each(WEBHOOK_FORMATS)('have a test payload: %s', (format) => {
    const webhook = { ...settings({ format, routingKey: 'k' }), id: 'w' } as Webhook;
    const text = testPayload(webhook, 'test-1', 0);
    expect(JSON.parse(text)).toEqual(expect.anything());
    expect(text).toContain('nothing happened');
    // No later call would end the test alert.
    if (format === 'alertmanager') expect(text).toContain('"endsAt":"1970-01-01T00:05:00.000Z"');
  });
});
