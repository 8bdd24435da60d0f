/**
 * Issues that are no component's: of a type as a whole, and of the coordinator itself. Each is there for as long as its
 * cause is, and ends by itself.
 */
import type { Webhook } from '../webhook/webhook.ts';
import type { HealthIssue, SystemHealth, TypeHealth } from './system-health.ts';
import { bySeverity, worseOf } from './system-health.ts';

/** A registry says each minute how its type is, at the least. */
const SILENT_MS = 180_000;
/** What is owed to the history for longer did not get there. */
const OWED_MS = 120_000;
const MAX_ISSUES_PER_TYPE = 50;
/** A receiver that is started anew is none. */
const FAILING_MS = 60_000;
/** What people have set or what others run is no reason to call the fleet degraded. */
const BESIDE_THE_FLEET: ReadonlySet<HealthIssue['code']> = new Set(['recovery-frozen', 'webhook-failing']);

/** Where callers have found no room for a while. */
export const withShortage = (health: TypeHealth, since: number): TypeHealth => ({
  ...health,
  issues: [...health.issues.slice(0, MAX_ISSUES_PER_TYPE - 1), exhausted(health.type, since)].toSorted(bySeverity),
});

const exhausted = (type: string, since: number): HealthIssue => ({
  severity: 'warning',
  code: 'capacity-exhausted',
  message: `callers of ${type} wait for room, or are refused for want of it`,
  type,
  componentId: null,
  since,
});

/** Types of which nobody has heard for too long, though they have components. */
export const silentTypes = (types: readonly TypeHealth[], now: number): HealthIssue[] =>
  types
    .filter(({ counts, updatedAt }) => counts.total > 0 && now - updatedAt > SILENT_MS)
    .map(({ type, updatedAt }) => ({
      severity: 'critical',
      code: 'registry-silent',
      message: `the registry of ${type} has not been heard of: what is shown of the type may be out of date`,
      type,
      componentId: null,
      since: updatedAt,
    }));

/** `failingSince` is since when writes fail, `owedSince` since when the oldest entry that is owed waits; epoch ms. */
export function historyIssue(failingSince: number | null, owedSince: number | null, now: number): HealthIssue[] {
  const isOwedLong = owedSince !== null && now - owedSince > OWED_MS;
  if (failingSince === null && !isOwedLong) return [];
  return [
    {
      severity: 'warning',
      code: 'history-unavailable',
      message:
        'the history cannot be written: failures, recoveries and the audit wait, and are written when it is back',
      type: null,
      componentId: null,
      since: Math.min(failingSince ?? Infinity, isOwedLong ? owedSince : Infinity),
    },
  ];
}

/** `type` is null where recoveries of all types are frozen. */
export const frozenIssue = (type: string | null, since: number): HealthIssue => ({
  severity: 'warning',
  code: 'recovery-frozen',
  message: `${type === null ? 'recoveries are' : `recoveries of ${type} are`} frozen by configuration: they alert and do nothing else`,
  type,
  componentId: null,
  since,
});

/** Webhooks that nothing has reached for a while, and those that were given up for it. */
export const webhookIssues = (webhooks: readonly Webhook[], now: number): HealthIssue[] =>
  webhooks.flatMap(({ id, state, failingSince }) => {
    const issue = { severity: 'warning', code: 'webhook-failing', type: null, componentId: null } as const;
    if (state.kind === 'disabled') {
      if (state.reason === 'operator') return [];
      const why = state.reason === 'gone' ? 'its receiver answered 410' : 'nothing reached it for days';
      return [{ ...issue, message: `webhook ${id} is disabled: ${why}`, since: state.at }];
    }
    if (failingSince === null || now - failingSince < FAILING_MS) return [];
    return [{ ...issue, message: `nothing reaches webhook ${id}: see its deliveries`, since: failingSince }];
  });

const unreachable = (since: number): HealthIssue => ({
  severity: 'critical',
  code: 'coordinator-unreachable',
  message: 'the coordinator cannot be reached: what is shown is the last that was heard of it',
  type: null,
  componentId: null,
  since,
});

/** The roll-up with issues of the system's own. */
export function withSystemIssues(health: SystemHealth, issues: readonly HealthIssue[]): SystemHealth {
  if (issues.length === 0) return health;
  const isWrong = issues.some(({ code }) => !BESIDE_THE_FLEET.has(code));
  return {
    ...health,
    status: isWrong ? worseOf(health.status, 'degraded') : health.status,
    issues: [...health.issues, ...issues.map((issue) => ({ ...issue, affects: 0 }))].toSorted(bySeverity),
  };
}

/** A roll-up of some time ago, marked as such. */
export const unreachableIssue = (health: SystemHealth, since: number): SystemHealth =>
  withSystemIssues(health, [unreachable(since)]);
