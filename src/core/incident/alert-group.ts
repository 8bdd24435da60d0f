/**
 * Groups of incidents that people are alerted about together: incidents of one component type with one class of
 * failure, which open within an hour. One cause thus makes one message with a count, not one message per component.
 *
 * As in Prometheus Alertmanager, the first message follows after a short wait, so that it covers what fails together.
 * Later news follow at an interval. Only an escalation to critical, an acknowledgement and the end do not wait for the
 * interval.
 */
import type { Severity } from './silence.ts';
import { nextAlertAt } from './alert-pace.ts';

export type GroupNews = 'opened' | 'repeated' | 'acknowledged' | 'resolved';

export interface AlertGroup {
  /** Id of the incident that began the group. */
  readonly id: string;
  /** Component of that incident. */
  readonly subject: string;
  readonly componentType: string | null;
  readonly failureType: string | null;
  /** Epoch ms. */
  readonly openedAt: number;
  /** Incidents that have joined. */
  readonly total: number;
  /** Highest severity that a message has reported; null before the first message. */
  readonly reported: Severity | null;
  /** Messages sent, and the time of the last one, epoch ms; 0 before the first. */
  readonly messages: number;
  readonly sentAt: number;
  /** The subject of the next message, and when it is due, epoch ms; null if nothing is new. */
  readonly news: { readonly kind: GroupNews; readonly dueAt: number } | null;
}

export const GROUP_WAIT_MS = 5_000;
export const GROUP_INTERVAL_MS = 60_000;
/** A later incident begins another group, so that it alerts again. */
const GROUP_OPEN_MS = 3_600_000;

/** Severity and number of the group's incidents that are not resolved. */
export interface OpenMembers {
  readonly open: number;
  readonly acknowledged: number;
  readonly severity: Severity;
}

/** Whether another incident may join. Once people have acknowledged all, a further incident must alert again. */
export const admits = ({ openedAt }: AlertGroup, { open, acknowledged }: OpenMembers, now: number): boolean =>
  now - openedAt < GROUP_OPEN_MS && (open === 0 || acknowledged < open);

/** The group after news about one of its incidents, which `members` include. */
export function withNews(group: AlertGroup, news: GroupNews, members: OpenMembers, now: number): AlertGroup {
  const kind = nextKind(group, news, members);
  // Nothing was reported, so there is nothing to withdraw.
  if (kind === null || (kind === 'resolved' && group.messages === 0)) return { ...group, news: null };
  const dueAt = dueAtOf(group, kind, members, now);
  return { ...group, news: { kind, dueAt: Math.min(dueAt, group.news?.kind === kind ? group.news.dueAt : Infinity) } };
}

/** The kind of the next message: news that are still waiting are combined with those that arrive. */
function nextKind(group: AlertGroup, news: GroupNews, { open, acknowledged }: OpenMembers): GroupNews | null {
  const waiting = group.news?.kind ?? null;
  if (open === 0) return 'resolved';
  if (news === 'acknowledged' && acknowledged === open && group.messages > 0) return 'acknowledged';
  if (news === 'opened' || waiting === 'opened') return 'opened';
  if (news === 'repeated') return 'repeated';
  // One of several incidents was acknowledged or resolved, which the next message shows.
  return waiting === 'repeated' ? 'repeated' : null;
}

function dueAtOf(group: AlertGroup, kind: GroupNews, { severity }: OpenMembers, now: number): number {
  const { messages, sentAt, reported } = group;
  const soon = now + GROUP_WAIT_MS;
  switch (kind) {
    case 'opened':
      return severity === 'critical' && reported !== 'critical' ? soon : Math.max(soon, sentAt + GROUP_INTERVAL_MS);
    case 'repeated':
      return Math.max(soon, nextAlertAt(messages, sentAt));
    case 'acknowledged':
    case 'resolved':
      return soon;
    default:
      return kind satisfies never;
  }
}

/** The group after its message was sent. */
export const afterMessage = (group: AlertGroup, severity: Severity, now: number): AlertGroup => ({
  ...group,
  news: null,
  messages: group.messages + 1,
  sentAt: now,
  reported: group.reported === 'critical' ? 'critical' : severity,
});
