import { describe, expect, it } from 'vitest';
import type { Alert } from '../../../src/core/alert/alert.ts';
import { alertBody } from '../../../src/core/alert/alert-body.ts';
import { withRoutingKey } from '../../../src/core/alert/pagerduty-event.ts';
import { alertForChannel } from '../../../src/core/alert/grouped-alert.ts';
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
  priority: null,
  targets: null,
  link: 'https://ops.example.com/#incident-i-1',
  openedAt: Date.parse('2026-11-01T10:00:00Z'),
  at: Date.parse('2026-11-01T12:00:00Z'),
  ...more,
});

const bodyAs = (format: 'slack' | 'pagerduty' | 'alertmanager' | 'cloudevents', made: Alert) =>
  // oxlint-disable-next-line typescript/no-explicit-any -- the service defines the shape
  alertBody(format, made) as any;

describe('Slack', () => {
  it.each([
    ['opened', 'Incident (critical): router-1: manual action needed'],
    ['repeated', 'Still open (critical): router-1: manual action needed'],
    ['acknowledged', 'Acknowledged: router-1: manual action needed'],
    ['resolved', 'Resolved: router-1: manual action needed'],
  ] as const)('receives a message for an alert that is %s', (kind, head) => {
    const { text, blocks } = bodyAs('slack', alert({ kind }));
    expect(text).toBe(head);
    expect(blocks[0].text.text).toContain('<https://ops.example.com/#incident-i-1|open the incident>');
  });

  it('receives no mentions and no oversized text', () => {
    const { text, blocks } = bodyAs('slack', alert({ title: '<!channel> & co', summary: '<@U1> '.repeat(2_000) }));
    expect(text).toBe('Incident (critical): &lt;!channel&gt; &amp; co');
    expect(blocks[0].text.text).not.toMatch(/<[!@]/);
    expect(blocks[0].text.text).toContain('…');
  });

  it.each(['&', '<', 'x', '🙂', 'a & b'])('receives sections of at most 3 000 escaped characters: %s', (part) => {
    const long = part.repeat(3_000);
    const { text, blocks } = bodyAs('slack', alert({ title: long, summary: long, repeats: 3 }));
    const section = blocks[0].text.text;
    expect([section.length <= 3_000, text.length <= 400]).toEqual([true, true]);
    // No escape sequence or surrogate pair is cut.
    expect(section.replaceAll(/&(amp|lt|gt);/g, '')).not.toContain('&');
    expect(section.isWellFormed()).toBe(true);
  });
});

describe('PagerDuty', () => {
  it.each([
    ['opened', 'trigger'],
    ['repeated', 'trigger'],
    ['acknowledged', 'acknowledge'],
    ['resolved', 'resolve'],
  ] as const)('receives, for an alert that is %s, %s of the same incident', (kind, action) => {
    const body = bodyAs('pagerduty', alert({ kind }));
    expect(body).toMatchObject({ event_action: action, dedup_key: 'i-1' });
    expect('payload' in body).toBe(action === 'trigger');
  });

  it('receives the routing key that is valid at delivery', () => {
    const stored = JSON.stringify({ ...bodyAs('pagerduty', alert()), routing_key: 'of before' });
    expect(JSON.parse(withRoutingKey('key', stored))).toEqual({ ...bodyAs('pagerduty', alert()), routing_key: 'key' });
  });

  it('receives its required fields, and a link only if it is absolute', () => {
    const body = bodyAs('pagerduty', alert({ summary: 'x'.repeat(5_000), link: '/v1/incidents/i-1' }));
    expect(body.payload).toMatchObject({ source: 'router-1', severity: 'critical', group: 'task_router' });
    expect(body.payload.summary).toHaveLength(1_024);
    expect('client_url' in body).toBe(false);
  });
});

const memberOf = (componentId: string) =>
  ({ componentId, severity: 'critical', priority: null, targets: null }) as const;

describe('a group of incidents', () => {
  const componentIds = Array.from({ length: 12 }, (_, at) => `router-${at}`);
  const grouped = { alert: alert(), total: 13, members: componentIds.map(memberOf) };

  it('is one message with its counts and its first ten components', () => {
    const made = alertForChannel(grouped, { id: 'slack', subjects: [] })!;
    const { text, blocks } = bodyAs('slack', made);
    expect(text).toBe('Incident (critical): 12 components of task_router: manual action needed');
    expect(blocks[0].text.text).toContain('13 incidents of `task_router` for one cause, 12 open');
    expect(blocks[0].text.text).toContain('`router-9` and 2 more');
    const { dedup_key, payload } = bodyAs('pagerduty', made);
    expect([dedup_key, payload.custom_details.group]).toEqual(['i-1', made.group]);
  });

  it('fits the limits of Slack with the longest names', () => {
    const long = componentIds.map((id) => id.padEnd(128, 'x'));
    const made = alertForChannel({ ...grouped, members: long.map(memberOf) }, { id: 'slack', subjects: [] })!;
    expect(bodyAs('slack', { ...made, summary: '&'.repeat(5_000) }).blocks[0].text.text.length).toBeLessThanOrEqual(
      3_000,
    );
  });

  it('names only the components that a channel selects', () => {
    expect(alertForChannel(grouped, { id: 'slack', subjects: ['router-1*'] })).toMatchObject({
      title: '3 components of task_router: manual action needed',
      group: { open: 3, total: 3, componentIds: ['router-1', 'router-10', 'router-11'] },
    });
    expect(alertForChannel(grouped, { id: 'slack', subjects: ['api-*'] })).toBeNull();
  });

  it('of one incident is an ordinary alert', () => {
    expect(
      alertForChannel({ ...grouped, total: 1, members: [memberOf('router-1')] }, { id: 'slack', subjects: [] }),
    ).toEqual(alert());
  });

  it('that has ended says so to every channel', () => {
    const ended = { alert: alert({ kind: 'resolved' }), total: 13, members: [] };
    expect(alertForChannel(ended, { id: 'slack', subjects: ['router-1'] })).toMatchObject({
      title: '13 components of task_router: all incidents resolved',
      group: { open: 0, total: 13 },
    });
  });
});

/** Severity and priority of each alert in the request. */
const labelsOf = (made: Partial<Alert>): string[] =>
  bodyAs('alertmanager', alert(made)).map(({ labels }: { labels: { severity: string; priority?: string } }) =>
    [labels.severity, labels.priority ?? '-'].join(' '),
  );

describe('Alertmanager', () => {
  it('receives labels that stay the same except for the severity', () => {
    const [opened] = bodyAs('alertmanager', alert());
    const [repeated] = bodyAs('alertmanager', alert({ kind: 'repeated', repeats: 3, failureType: 'internal_error' }));
    expect(repeated.labels).toEqual(opened.labels);
    expect(opened.labels).toMatchObject({ alertname: 'ArbiterIncident', severity: 'critical', incident: 'i-1' });
    expect(Object.values(opened.labels).every((value) => typeof value === 'string' && value !== '')).toBe(true);
  });

  it('receives a firing alert until the incident is resolved', () => {
    const [firing, ended] = bodyAs('alertmanager', alert());
    expect(Date.parse(firing.endsAt)).toBeGreaterThan(alert().at + 86_400_000);
    // An earlier warning of the incident ends, because the severity label changed.
    expect(ended).toMatchObject({ labels: { severity: 'warning' }, endsAt: '2026-11-01T12:00:00.000Z' });
    const resolved = bodyAs('alertmanager', alert({ kind: 'resolved' }));
    expect(resolved.map((each: { endsAt: string }) => each.endsAt)).toEqual(Array(2).fill('2026-11-01T12:00:00.000Z'));
    expect(resolved[0].labels).toEqual(firing.labels);
    expect(bodyAs('alertmanager', alert({ kind: 'acknowledged' }))).toBeNull();
  });

  it('receives the end of each earlier priority, and of none if no action gave one', () => {
    expect(labelsOf({ severity: 'warning' })).toEqual(['warning -']);
    expect(labelsOf({ severity: 'warning', priority: 'medium' })).toEqual([
      'warning medium',
      'warning low',
      'warning -',
    ]);
    expect(labelsOf({ severity: 'critical', priority: 'low' })).toEqual([
      'critical low',
      'critical -',
      'warning low',
      'warning -',
    ]);
    expect(labelsOf({ kind: 'repeated', priority: 'high' })).toEqual(['critical high']);
    expect(labelsOf({ kind: 'resolved', priority: 'low' })).toEqual(labelsOf({ priority: 'low' }));
  });

  it('never receives an end before the beginning', () => {
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

describe('alertOf', () => {
  const { componentId, componentType, failureType, severity, openedAt, repeats, priority, targets } = alert();
  const known = { componentId, componentType, failureType, severity, openedAt, repeats, priority, targets };

  it('takes fields from the event, and missing ones from the incident', () => {
    const { title, summary, link } = alert();
    expect(alertOf(event('incident.opened', { incidentId: 'i-1', title, summary, link }), known)).toEqual(alert());
    expect(alertOf(event('incident.resolved', { incidentId: 'i-1' }), known)).toMatchObject({
      kind: 'resolved',
      title: 'router-1: incident resolved',
      link: '/v1/incidents/i-1',
      severity: 'critical',
    });
  });

  it('makes no body for webhooks that receive CloudEvents', () => {
    expect(bodyAs('cloudevents', alert())).toBeNull();
  });
});
