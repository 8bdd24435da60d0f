import { describe, expect, it } from 'vitest';
import type { Alert } from '../../../src/core/alert/alert.ts';
import { alertBody } from '../../../src/core/alert/alert-body.ts';
import { withRoutingKey } from '../../../src/core/alert/pagerduty-event.ts';
import { alertOf } from '../../../src/core/alert/alert-of.ts';
import type { CloudEvent } from '../../../src/core/event/cloud-event.ts';

const alert = (more: Partial<Alert> = {}): Alert => ({
  kind: 'opened',
  incidentId: 'i-1',
  severity: 'critical',
  title: 'router-1: manual action needed',
  summary: 'nothing helped',
  componentId: 'router-1',
  componentType: 'task_router',
  failureType: 'timeout_failure',
  repeats: 0,
  link: 'https://ops.example.com/#incident-i-1',
  openedAt: Date.parse('2026-11-01T10:00:00Z'),
  at: Date.parse('2026-11-01T12:00:00Z'),
  ...more,
});

const bodyAs = (format: 'slack' | 'pagerduty' | 'alertmanager' | 'cloudevents', made: Alert) =>
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever the service reads
  alertBody(format, made) as any;

describe('Slack', () => {
  it.each([
    ['opened', 'Incident (critical): router-1: manual action needed'],
    ['repeated', 'Still open (critical): router-1: manual action needed'],
    ['acknowledged', 'Acknowledged: router-1: manual action needed'],
    ['resolved', 'Resolved: router-1: manual action needed'],
  ] as const)('is told that it is %s', (kind, head) => {
    const { text, blocks } = bodyAs('slack', alert({ kind }));
    expect(text).toBe(head);
    expect(blocks[0].text.text).toContain('<https://ops.example.com/#incident-i-1|open the incident>');
  });

  it('is made to mention nobody, and given no more than it takes', () => {
    const { text, blocks } = bodyAs('slack', alert({ title: '<!channel> & co', summary: '<@U1> '.repeat(2_000) }));
    expect(text).toBe('Incident (critical): &lt;!channel&gt; &amp; co');
    expect(blocks[0].text.text).not.toMatch(/<[!@]/);
    expect(blocks[0].text.text).toContain('…');
  });

  it.each(['&', '<', 'x', '🙂', 'a & b'])(
    'takes no section of more than 3 000 characters, as they are sent: %s',
    (part) => {
      const long = part.repeat(3_000);
      const { text, blocks } = bodyAs('slack', alert({ title: long, summary: long, repeats: 3 }));
      const section = blocks[0].text.text;
      expect([section.length <= 3_000, text.length <= 400]).toEqual([true, true]);
      // Nothing is cut in the middle of what stands for one character.
      expect(section.replaceAll(/&(amp|lt|gt);/g, '')).not.toContain('&');
      expect(section.isWellFormed()).toBe(true);
    },
  );
});

describe('PagerDuty', () => {
  it.each([
    ['opened', 'trigger'],
    ['repeated', 'trigger'],
    ['acknowledged', 'acknowledge'],
    ['resolved', 'resolve'],
  ] as const)('is told that it is %s by %s, of the same incident', (kind, action) => {
    const body = bodyAs('pagerduty', alert({ kind }));
    expect(body).toMatchObject({ event_action: action, dedup_key: 'i-1' });
    expect('payload' in body).toBe(action === 'trigger');
  });

  it('is addressed to the key that holds when it is sent', () => {
    const owed = JSON.stringify({ ...bodyAs('pagerduty', alert()), routing_key: 'of before' });
    expect(JSON.parse(withRoutingKey('key', owed))).toEqual({ ...bodyAs('pagerduty', alert()), routing_key: 'key' });
  });

  it('has what it requires, and a link only where one can be followed', () => {
    const body = bodyAs('pagerduty', alert({ summary: 'x'.repeat(5_000), link: '/v1/incidents/i-1' }));
    expect(body.payload).toMatchObject({ source: 'router-1', severity: 'critical', group: 'task_router' });
    expect(body.payload.summary).toHaveLength(1_024);
    expect('client_url' in body).toBe(false);
  });
});

describe('Alertmanager', () => {
  it('knows an incident by labels that never change but for its severity', () => {
    const [opened] = bodyAs('alertmanager', alert());
    const [repeated] = bodyAs('alertmanager', alert({ kind: 'repeated', repeats: 3, failureType: 'internal_error' }));
    expect(repeated.labels).toEqual(opened.labels);
    expect(opened.labels).toMatchObject({ alertname: 'ArbiterIncident', severity: 'critical', incident: 'i-1' });
    expect(Object.values(opened.labels).every((value) => typeof value === 'string' && value !== '')).toBe(true);
  });

  it('lets it fire until it is over', () => {
    const [firing, ended] = bodyAs('alertmanager', alert());
    expect(Date.parse(firing.endsAt)).toBeGreaterThan(alert().at + 86_400_000);
    // What was a warning before is no alert of its own any more.
    expect(ended).toMatchObject({ labels: { severity: 'warning' }, endsAt: '2026-11-01T12:00:00.000Z' });
    const over = bodyAs('alertmanager', alert({ kind: 'resolved' }));
    expect(over.map((each: { endsAt: string }) => each.endsAt)).toEqual(Array(2).fill('2026-11-01T12:00:00.000Z'));
    expect(over[0].labels).toEqual(firing.labels);
    expect(bodyAs('alertmanager', alert({ kind: 'acknowledged' }))).toBeNull();
  });

  it('is never told of an end before the beginning', () => {
    const [over] = bodyAs('alertmanager', alert({ kind: 'resolved', at: alert().openedAt - 5 }));
    expect(over.endsAt).toBe(over.startsAt);
  });
});

const event = (type: string, data: CloudEvent['data']): CloudEvent => ({
  specversion: '1.0',
  id: '1',
  sequence: '1',
  source: '/arbiter-coordinator',
  type: type as CloudEvent['type'],
  subject: 'router-1',
  time: '2026-11-01T12:00:00.000Z',
  datacontenttype: 'application/json',
  data,
});

describe('an event', () => {
  const { componentId, componentType, failureType, severity, openedAt, repeats } = alert();
  const standing = { componentId, componentType, failureType, severity, openedAt, repeats };

  it('makes an alert with what it says, and what is known where it says nothing', () => {
    const { title, summary, link } = alert();
    expect(alertOf(event('incident.opened', { incidentId: 'i-1', title, summary, link }), standing)).toEqual(alert());
    expect(alertOf(event('incident.resolved', { incidentId: 'i-1' }), standing)).toMatchObject({
      kind: 'resolved',
      title: 'router-1: incident resolved',
      link: '/v1/incidents/i-1',
      severity: 'critical',
    });
  });

  it('is itself what a webhook for events gets', () => {
    expect(bodyAs('cloudevents', alert())).toBeNull();
  });
});
