/**
 * Issues of a type as a whole and of the coordinator itself. Each issue ends by itself when its cause ends.
 */
import type { Webhook } from '../webhook/webhook.ts';
import type { HealthIssue, SystemHealth, TypeHealth } from './system-health.ts';
import { bySeverity, worseOf } from './system-health.ts';

/** A registry sends its roll-up at least once a minute. */
const SILENT_MS = 180_000;
/** An outbox entry that is pending for longer means that the history cannot be written. */
const MAX_PENDING_MS = 120_000;
const MAX_ISSUES_PER_TYPE = 50;
/** Longer than the restart of a receiver, which is no issue. */
const FAILING_MS = 60_000;
/** Issues caused by configuration or by external receivers do not make the system degraded. */
const NOT_DEGRADING: ReadonlySet<HealthIssue['code']> = new Set(['recovery-frozen', 'webhook-failing']);

/** Adds an issue: callers have not found capacity since `since`, epoch ms. */
export const withCapacityShortage = (health: TypeHealth, since: number): TypeHealth => ({
  ...health,
  issues: [...health.issues.slice(0, MAX_ISSUES_PER_TYPE - 1), capacityIssue(health.type, since)].toSorted(bySeverity),
});

/** Adds issues: the stored state of these components cannot be read, since `since` (epoch ms) at the latest. */
export function withUnreadable(
  health: TypeHealth,
  unreadable: Iterable<{ readonly id: string; readonly since: number }>,
): TypeHealth {
  const issues = Array.from(unreadable, ({ id, since }): HealthIssue => ({
    severity: 'critical',
    code: 'component-unreadable',
    message: `the stored state of ${id} cannot be read: register it again, or remove it`,
    type: health.type,
    componentId: id,
    since,
  }));
  if (issues.length === 0) return health;
  const shown = [...issues, ...health.issues].toSorted(bySeverity).slice(0, MAX_ISSUES_PER_TYPE);
  return { ...health, issues: shown };
}

const capacityIssue = (type: string, since: number): HealthIssue => ({
  severity: 'warning',
  code: 'capacity-exhausted',
  message: `callers of ${type} wait for capacity or are rejected for lack of it`,
  type,
  componentId: null,
  since,
});

/** Types with components whose registry has sent no roll-up for too long. */
export const silentTypeIssues = (types: readonly TypeHealth[], now: number): HealthIssue[] =>
  types
    .filter(({ counts, updatedAt }) => counts.total > 0 && now - updatedAt > SILENT_MS)
    .map(({ type, updatedAt }) => ({
      severity: 'critical',
      code: 'registry-silent',
      message: `the registry of ${type} sends no updates: its health may be out of date`,
      type,
      componentId: null,
      since: updatedAt,
    }));

/** `failingSince`: start of failed writes; `pendingSince`: age of the oldest pending entry. Both epoch ms or null. */
export function historyIssue(failingSince: number | null, pendingSince: number | null, now: number): HealthIssue[] {
  const isPendingTooLong = pendingSince !== null && now - pendingSince > MAX_PENDING_MS;
  if (failingSince === null && !isPendingTooLong) return [];
  return [
    {
      severity: 'warning',
      code: 'history-unavailable',
      message:
        'the history cannot be written: failures, recoveries and audit entries are written when it is available again',
      type: null,
      componentId: null,
      since: Math.min(failingSince ?? Infinity, isPendingTooLong ? pendingSince : Infinity),
    },
  ];
}

/** `type` is null when recoveries of all types are frozen. */
export const frozenIssue = (type: string | null, since: number): HealthIssue => ({
  severity: 'warning',
  code: 'recovery-frozen',
  message: `${type === null ? 'recoveries are' : `recoveries of ${type} are`} frozen by configuration: they only send alerts`,
  type,
  componentId: null,
  since,
});

/** Issues of webhooks whose deliveries have failed for a while, or that were disabled because of failures. */
export const webhookIssues = (webhooks: readonly Webhook[], now: number): HealthIssue[] =>
  webhooks.flatMap(({ id, state, failingSince }) => {
    const issue = { severity: 'warning', code: 'webhook-failing', type: null, componentId: null } as const;
    if (state.kind === 'disabled') {
      if (state.reason === 'operator') return [];
      const why = state.reason === 'gone' ? 'its receiver returned 410' : 'deliveries failed for days';
      return [{ ...issue, message: `webhook ${id} is disabled: ${why}`, since: state.at }];
    }
    if (failingSince === null || now - failingSince < FAILING_MS) return [];
    return [{ ...issue, message: `deliveries to webhook ${id} fail: see its deliveries`, since: failingSince }];
  });

const unreachableIssue = (since: number): HealthIssue => ({
  severity: 'critical',
  code: 'coordinator-unreachable',
  message: 'the coordinator cannot be reached: this is its last known health',
  type: null,
  componentId: null,
  since,
});

/** Adds system issues to the roll-up. */
export function withSystemIssues(health: SystemHealth, issues: readonly HealthIssue[]): SystemHealth {
  if (issues.length === 0) return health;
  const isDegrading = issues.some(({ code }) => !NOT_DEGRADING.has(code));
  return {
    ...health,
    status: isDegrading ? worseOf(health.status, 'degraded') : health.status,
    issues: [...health.issues, ...issues.map((issue) => ({ ...issue, affects: 0 }))].toSorted(bySeverity),
  };
}

/** Marks an old roll-up as such; `since` is the start of the outage, epoch ms. */
export const withUnreachableIssue = (health: SystemHealth, since: number): SystemHealth =>
  withSystemIssues(health, [unreachableIssue(since)]);
