import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AlertGroup, GroupNews, OpenMembers } from '../../../src/core/incident/alert-group.ts';
import {
  GROUP_INTERVAL_MS,
  GROUP_WAIT_MS,
  admits,
  afterMessage,
  withNews,
} from '../../../src/core/incident/alert-group.ts';

const NOW = 1_800_000_000_000;
const HALF_HOUR = 1_800_000;

const group = (more: Partial<AlertGroup> = {}): AlertGroup => ({
  id: 'i-1',
  subject: 'a',
  componentType: 'task_router',
  failureType: 'timeout_failure',
  openedAt: NOW,
  total: 1,
  reported: null,
  messages: 0,
  sentAt: 0,
  news: null,
  ...more,
});

const members = (open: number, acknowledged = 0, severity: OpenMembers['severity'] = 'warning'): OpenMembers => ({
  open,
  acknowledged,
  severity,
});

const reported = group({ messages: 1, sentAt: NOW, reported: 'warning' });
const dueIn = ({ news }: AlertGroup): number | null => news && news.dueAt - NOW;

describe('the next message of a group', () => {
  it('follows a short wait after the first incident, however many join', () => {
    const first = withNews(group(), 'opened', members(1), NOW);
    const later = withNews({ ...first, total: 2 }, 'opened', members(2), NOW + 3_000);
    expect([dueIn(first), dueIn(later)]).toEqual([GROUP_WAIT_MS, GROUP_WAIT_MS]);
  });

  it.each<[string, AlertGroup, GroupNews, OpenMembers, GroupNews | null, number | null]>([
    ['a further incident', reported, 'opened', members(2), 'opened', GROUP_INTERVAL_MS],
    ['an escalation', reported, 'opened', members(2, 0, 'critical'), 'opened', GROUP_WAIT_MS],
    [
      'an escalation that was reported',
      { ...reported, reported: 'critical' },
      'opened',
      members(2, 0, 'critical'),
      'opened',
      GROUP_INTERVAL_MS,
    ],
    ['a repetition', reported, 'repeated', members(2), 'repeated', HALF_HOUR],
    ['the end of one of several', reported, 'resolved', members(1), null, null],
    ['the end of all', reported, 'resolved', members(0), 'resolved', GROUP_WAIT_MS],
    ['the end of all before any message', group(), 'resolved', members(0), null, null],
    ['an acknowledgement of one of several', reported, 'acknowledged', members(2, 1), null, null],
    ['an acknowledgement of all', reported, 'acknowledged', members(2, 2), 'acknowledged', GROUP_WAIT_MS],
  ])('after %s', (_, before, news, open, kind, due) => {
    const after = withNews(before, news, open, NOW);
    expect([after.news?.kind ?? null, dueIn(after)]).toEqual([kind, due]);
  });

  it('keeps a waiting escalation when another incident of the group ends', () => {
    const escalated = withNews(reported, 'opened', members(2, 0, 'critical'), NOW);
    expect(withNews(escalated, 'resolved', members(1, 0, 'critical'), NOW + 1_000)).toEqual(escalated);
  });

  it('is at least an interval after the last one while incidents stay open and unacknowledged', () => {
    const step = fc.record({
      kind: fc.constantFrom<GroupNews>('opened', 'repeated', 'acknowledged', 'resolved'),
      afterMs: fc.integer({ min: 0, max: 5_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 100, maxLength: 300 }), (steps) => {
        let state = group();
        let [open, now] = [0, NOW];
        const sent: { at: number; kind: GroupNews }[] = [];
        for (const { kind, afterMs } of steps) {
          now += afterMs;
          if (state.news && state.news.dueAt <= now) {
            sent.push({ at: now, kind: state.news.kind });
            state = afterMessage(state, 'warning', now);
          }
          open = kind === 'opened' ? open + 1 : Math.max(1, kind === 'resolved' ? open - 1 : open);
          state = withNews(state, kind, members(open), now);
        }
        const gaps = sent.slice(1).map(({ at }, index) => at - sent[index]!.at);
        expect(Math.min(Infinity, ...gaps)).toBeGreaterThanOrEqual(GROUP_INTERVAL_MS);
      }),
    );
  });
});

describe('a group', () => {
  it('takes no incident after an hour, nor once all are acknowledged', () => {
    expect(admits(group(), members(1), NOW + 3_599_999)).toBe(true);
    expect(admits(group(), members(1), NOW + 3_600_000)).toBe(false);
    expect(admits(group(), members(2, 1), NOW)).toBe(true);
    expect(admits(group(), members(2, 2), NOW)).toBe(false);
    // All have ended, and the message that says so has not left yet.
    expect(admits(group(), members(0), NOW)).toBe(true);
  });
});
