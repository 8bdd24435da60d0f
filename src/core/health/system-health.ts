/**
 * The roll-up of health: per type by its registry, over all types by the coordinator.
 */
import type { Availability } from './samples/availability.ts';
import { UNKNOWN_AVAILABILITY } from './samples/availability.ts';
import type { HealthStatus } from './health-status.ts';

export type Severity = 'warning' | 'critical';

export interface HealthIssue {
  readonly severity: Severity;
  readonly code:
    | 'component-unhealthy'
    | 'component-degraded'
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
  /** Null where it is of no type in particular. */
  readonly type: string | null;
  readonly componentId: string | null;
  /** Epoch ms. */
  readonly since: number;
}

export type StatusCounts = Readonly<Record<'total' | HealthStatus, number>>;

/** What a registry tells the coordinator of its type. */
export interface TypeHealth {
  readonly type: string;
  readonly revision: number;
  readonly counts: StatusCounts;
  /** Components that may be given work right now. */
  readonly routable: number;
  /** Components under maintenance that are not well: known, and no reason to call the type degraded. */
  readonly excused?: number;
  /** Of the time in which anybody of it was known, the part in which somebody could be given work. */
  readonly availability?: Availability;
  readonly updatedAt: number;
  /** Since when its statuses are kept because the fault seems to be ours, epoch ms; null while they are believed. */
  readonly doubtedSince: number | null;
  /** The gravest first, at most `MAX_ISSUES_PER_TYPE`. */
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
  /** Components that cannot work because of this one: they have no issue of their own. */
  readonly affects: number;
}

export interface TypeSummary {
  readonly status: HealthStatus;
  readonly counts: StatusCounts;
  readonly routable: number;
  readonly availability: Availability;
}

interface HealthMember {
  readonly id: string;
  readonly name: string;
  readonly status: HealthStatus;
  readonly since: number;
  readonly reason: string | null;
  readonly routable: boolean;
  /** Why it cannot work: the dependencies that are down, or empty. */
  readonly rootCause: readonly string[];
  /** What is wrong with it is expected, and no issue. */
  readonly maintained?: boolean;
}

/** A dependency that is down, and how many components it keeps from working. */
interface AffectedCount {
  readonly id: string;
  readonly type: string;
  readonly count: number;
  /** Epoch ms. */
  readonly since: number;
}

const MAX_ISSUES_PER_TYPE = 50;
/** Of dependencies that are no issue in themselves, because people set them aside, or because of the limit above. */
const MAX_DEPENDENCY_ISSUES = 20;
const EMPTY_COUNTS: StatusCounts = { total: 0, healthy: 0, degraded: 0, unhealthy: 0, unknown: 0 };

/** Rolls up one type from its components. */
export function summarizeType(
  type: string,
  revision: number,
  members: Iterable<HealthMember>,
  now: number,
  doubtedSince: number | null = null,
): TypeHealth {
  const counts = { ...EMPTY_COUNTS };
  const issues: HealthIssue[] = [];
  let routable = 0;
  let excused = 0;
  let since = 0;
  for (const member of members) {
    counts.total++;
    counts[member.status]++;
    if (member.routable) routable++;
    since = Math.max(since, member.since);
    const issue = issueOf(type, member);
    if (issue && member.maintained) excused++;
    else if (issue) issues.push(issue);
  }
  issues.sort(bySeverity);
  if (counts.total > 0 && routable === 0) issues.unshift(unavailable(type, counts.total, since));
  if (doubtedSince !== null) issues.unshift(doubted(type, doubtedSince));
  return {
    type,
    revision,
    counts,
    routable,
    excused,
    doubtedSince,
    updatedAt: now,
    issues: issues.slice(0, MAX_ISSUES_PER_TYPE),
  };
}

/** A type of which nobody ever registered. */
export const emptyType = (type: string): TypeHealth => ({
  type,
  revision: 0,
  counts: EMPTY_COUNTS,
  routable: 0,
  doubtedSince: null,
  updatedAt: 0,
  issues: [],
});

/** Adds the types up: unhealthy when a type has nobody to route to, degraded when anything is wrong. */
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

/** Says of each issue how many components it takes along, and names what takes some along without being one. */
export function withAffected(health: SystemHealth, affected: readonly AffectedCount[]): SystemHealth {
  if (affected.length === 0) return health;
  const counts = new Map(affected.map(({ id, count }) => [id, count]));
  const named = new Set(health.issues.map(({ componentId }) => componentId));
  const others = affected.filter(({ id }) => !named.has(id)).slice(0, MAX_DEPENDENCY_ISSUES);
  const issues = [
    ...health.issues.map((issue) => ({ ...issue, affects: counts.get(issue.componentId ?? '') ?? 0 })),
    ...others.map(unavailableDependency),
  ];
  return { ...health, issues: issues.toSorted(bySeverity) };
}

/** The worse of two; unknown is no worse than anything. */
export const worseOf = (a: HealthStatus, b: HealthStatus): HealthStatus => worstOf([a, b]);

function statusOfType(type: TypeHealth): HealthStatus {
  if (type.counts.total === 0 || type.counts.unknown === type.counts.total) return 'unknown';
  if (type.routable === 0) return 'unhealthy';
  const isShort = type.issues.some(({ code }) => code === 'capacity-exhausted');
  return isShort || type.counts.unhealthy + type.counts.degraded > (type.excused ?? 0) ? 'degraded' : 'healthy';
}

function worstOf(statuses: readonly HealthStatus[]): HealthStatus {
  for (const status of ['unhealthy', 'degraded', 'healthy'] as const) if (statuses.includes(status)) return status;
  return 'unknown';
}

const rank = (issue: HealthIssue): number => (issue.severity === 'critical' ? 0 : 1);

export const bySeverity = (a: HealthIssue, b: HealthIssue): number => rank(a) - rank(b) || a.since - b.since;

/** What only suffers from a dependency is no issue: the dependency is. */
function issueOf(type: string, member: HealthMember): HealthIssue | undefined {
  if (member.rootCause.length > 0) return undefined;
  if (member.status !== 'unhealthy' && member.status !== 'degraded') return undefined;
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

const unavailable = (type: string, total: number, since: number): HealthIssue => ({
  severity: 'critical',
  code: 'type-unavailable',
  message: `none of the ${total} components of ${type} can be given work`,
  type,
  componentId: null,
  since,
});

const doubted = (type: string, since: number): HealthIssue => ({
  severity: 'critical',
  code: 'self-doubt',
  message: `most of ${type} seems to fail, and so does what has nothing to do with it: statuses are kept, nobody is restarted`,
  type,
  componentId: null,
  since,
});

const unavailableDependency = ({ id, type, count, since }: AffectedCount): SystemIssue => ({
  severity: 'warning',
  code: 'dependency-unavailable',
  message: `${id} is not available, ${count === 1 ? 'a component depends' : `${count} components depend`} on it`,
  type,
  componentId: id,
  since,
  affects: count,
});
