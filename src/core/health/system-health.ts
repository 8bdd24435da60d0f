/** The health roll-up: per type by its registry, over all types by the coordinator. */
import type { Availability } from './samples/availability.ts';
import { UNKNOWN_AVAILABILITY } from './samples/availability.ts';
import type { HealthStatus } from './health-status.ts';

export type Severity = 'warning' | 'critical';

export interface HealthIssue {
  readonly severity: Severity;
  readonly code:
    | 'component-unhealthy'
    | 'component-degraded'
    | 'component-unreadable'
    | 'type-unavailable'
    | 'dependency-unavailable'
    | 'self-doubt'
    | 'capacity-exhausted'
    | 'registry-silent'
    | 'history-unavailable'
    | 'recovery-frozen'
    | 'webhook-failing'
    | 'coordinator-unreachable';
  readonly message: string;
  /** Null when the issue concerns no single type. */
  readonly type: string | null;
  readonly componentId: string | null;
  /** Epoch ms. */
  readonly since: number;
}

export type StatusCounts = Readonly<Record<'total' | HealthStatus, number>>;

/** The roll-up of one type, sent by its registry to the coordinator. */
export interface TypeHealth {
  readonly type: string;
  readonly revision: number;
  readonly counts: StatusCounts;
  /** Number of components that are routable now. */
  readonly routable: number;
  /** Unhealthy or degraded components in maintenance: expected, so they do not make the type degraded. */
  readonly underMaintenance?: number;
  /** Part of the observed time in which at least one component of the type was routable. */
  readonly availability?: Availability;
  readonly updatedAt: number;
  /** Start of self-doubt, during which statuses are kept, epoch ms; null without self-doubt. */
  readonly selfDoubtSince: number | null;
  /** Most severe first, at most `MAX_ISSUES_PER_TYPE`. */
  readonly issues: readonly HealthIssue[];
}

export interface SystemHealth {
  readonly status: HealthStatus;
  readonly components: StatusCounts;
  readonly byType: Readonly<Record<string, TypeSummary>>;
  readonly lastUpdate: number | null;
  readonly issues: readonly SystemIssue[];
}

export interface SystemIssue extends HealthIssue {
  /** Number of components that fail because of this one; they have no issue of their own. */
  readonly affects: number;
}

export interface TypeSummary {
  readonly status: HealthStatus;
  readonly counts: StatusCounts;
  readonly routable: number;
  readonly availability: Availability;
}

/** A component as the roll-up of its type reads it. */
export interface HealthMember {
  readonly id: string;
  readonly name: string;
  readonly status: HealthStatus;
  readonly since: number;
  readonly reason: string | null;
  /** Ids of the failed dependencies that keep it from working; empty when none is down. */
  readonly rootCause: readonly string[];
  /** In maintenance: failures are expected and no issue. */
  readonly maintained?: boolean;
}

/** A failed dependency, with the number of components that it affects. */
interface AffectedCount {
  readonly id: string;
  readonly type: string;
  readonly count: number;
  /** Epoch ms. */
  readonly since: number;
}

export const MAX_ISSUES_PER_TYPE = 50;
/**
 * Limit for failed dependencies without an issue of their own: out of service by an operator, or beyond the limit
 * above.
 */
const MAX_DEPENDENCY_ISSUES = 20;
const EMPTY_COUNTS: StatusCounts = { total: 0, healthy: 0, degraded: 0, unhealthy: 0, unknown: 0 };

/** The counts of a type, and its worst components. */
export interface HealthTally {
  readonly counts: StatusCounts;
  readonly routable: number;
  readonly underMaintenance: number;
  /** Epoch ms of the last change of any status. */
  readonly lastStatusChange: number;
  /** The components that are an issue, most severe first, at least `MAX_ISSUES_PER_TYPE` if there are as many. */
  readonly worst: readonly HealthMember[];
}

/**
 * Tells whether a component is an issue of its type. `expected`: it is in maintenance. A component with a failed
 * dependency is no issue of its own; the dependency is the issue.
 */
export function issueKindOf({ status, rootCause, maintained }: HealthMember): 'issue' | 'expected' | 'none' {
  if (rootCause.length > 0 || (status !== 'unhealthy' && status !== 'degraded')) return 'none';
  return maintained ? 'expected' : 'issue';
}

export function summarizeType(
  type: string,
  revision: number,
  { counts, routable, underMaintenance, lastStatusChange, worst }: HealthTally,
  now: number,
  selfDoubtSince: number | null = null,
): TypeHealth {
  const issues = worst.map((member) => issueOf(type, member));
  if (counts.total > 0 && routable === 0) issues.unshift(typeUnavailableIssue(type, counts.total, lastStatusChange));
  if (selfDoubtSince !== null) issues.unshift(selfDoubtIssue(type, selfDoubtSince));
  return {
    type,
    revision,
    counts,
    routable,
    underMaintenance,
    selfDoubtSince,
    updatedAt: now,
    issues: issues.slice(0, MAX_ISSUES_PER_TYPE),
  };
}

/** The roll-up of a type without any registration so far. */
export const emptyType = (type: string): TypeHealth => ({
  type,
  revision: 0,
  counts: EMPTY_COUNTS,
  routable: 0,
  selfDoubtSince: null,
  updatedAt: 0,
  issues: [],
});

/** Rolls up all types: unhealthy when a type has no routable component, degraded when any type is degraded. */
export function rollUp(types: readonly TypeHealth[]): SystemHealth {
  const components = { ...EMPTY_COUNTS };
  const byType: Record<string, TypeSummary> = {};
  for (const type of types) {
    for (const key of Object.keys(EMPTY_COUNTS) as (keyof StatusCounts)[]) components[key] += type.counts[key];
    const { counts, routable, availability = UNKNOWN_AVAILABILITY } = type;
    byType[type.type] = { status: statusOfType(type), counts, routable, availability };
  }
  const issues = types.flatMap((type) => type.issues.map((issue) => ({ ...issue, affects: 0 }))).toSorted(bySeverity);
  const statuses = Object.values(byType)
    .filter((type) => type.counts.total > 0)
    .map((type) => type.status);
  return {
    status: worstOf(statuses),
    components,
    byType,
    lastUpdate: Math.max(0, ...types.map((type) => type.updatedAt)) || null,
    issues,
  };
}

/** Adds the number of affected components to each issue, and adds issues for failed dependencies without one. */
export function withAffected(health: SystemHealth, affected: readonly AffectedCount[]): SystemHealth {
  if (affected.length === 0) return health;
  const counts = new Map(affected.map(({ id, count }) => [id, count]));
  const withIssue = new Set(health.issues.map(({ componentId }) => componentId));
  const withoutIssue = affected.filter(({ id }) => !withIssue.has(id)).slice(0, MAX_DEPENDENCY_ISSUES);
  const issues = [
    ...health.issues.map((issue) => ({ ...issue, affects: counts.get(issue.componentId ?? '') ?? 0 })),
    ...withoutIssue.map(dependencyIssue),
  ];
  return { ...health, issues: issues.toSorted(bySeverity) };
}

/** The worse of two statuses; any known status is worse than `unknown`. */
export const worseOf = (a: HealthStatus, b: HealthStatus): HealthStatus => worstOf([a, b]);

function statusOfType(type: TypeHealth): HealthStatus {
  if (type.counts.total === 0 || type.counts.unknown === type.counts.total) return 'unknown';
  if (type.routable === 0) return 'unhealthy';
  const isExhausted = type.issues.some(({ code }) => code === 'capacity-exhausted');
  return isExhausted || type.counts.unhealthy + type.counts.degraded > (type.underMaintenance ?? 0)
    ? 'degraded'
    : 'healthy';
}

function worstOf(statuses: readonly HealthStatus[]): HealthStatus {
  for (const status of ['unhealthy', 'degraded', 'healthy'] as const) if (statuses.includes(status)) return status;
  return 'unknown';
}

const rank = (issue: HealthIssue): number => (issue.severity === 'critical' ? 0 : 1);

export const bySeverity = (a: HealthIssue, b: HealthIssue): number => rank(a) - rank(b) || a.since - b.since;

function issueOf(type: string, member: HealthMember): HealthIssue {
  const down = member.status === 'unhealthy';
  return {
    severity: down ? 'critical' : 'warning',
    code: down ? 'component-unhealthy' : 'component-degraded',
    message: `${member.name} (${member.id}) is ${member.status}${member.reason ? `: ${member.reason}` : ''}`,
    type,
    componentId: member.id,
    since: member.since,
  };
}

const typeUnavailableIssue = (type: string, total: number, since: number): HealthIssue => ({
  severity: 'critical',
  code: 'type-unavailable',
  message: `none of the ${total} components of ${type} is routable`,
  type,
  componentId: null,
  since,
});

const selfDoubtIssue = (type: string, since: number): HealthIssue => ({
  severity: 'critical',
  code: 'self-doubt',
  message: `most of ${type} seems to fail, and so does an unrelated canary: statuses are kept, no component is restarted`,
  type,
  componentId: null,
  since,
});

const dependencyIssue = ({ id, type, count, since }: AffectedCount): SystemIssue => ({
  severity: 'warning',
  code: 'dependency-unavailable',
  message: `${id} is unavailable, ${count === 1 ? 'a component depends' : `${count} components depend`} on it`,
  type,
  componentId: id,
  since,
  affects: count,
});
