/** Views of a registry's members: resources, candidates, live stats, the type's roll-up, health reports. */
import type { BalancingSettings } from '../../core/balancing/balancing-settings.ts';
import type { Candidate, Condition, LiveStats } from '../../core/balancing/candidate.ts';
import { whyNotRoutable } from '../../core/balancing/candidate.ts';
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { detailsOf } from '../../core/component/health-check.ts';
import type { HealthReport } from '../../core/component/health-report.ts';
import { toHealthReport } from '../../core/component/health-report.ts';
import { redactHeaderValues } from '../../core/component/header-values.ts';
import { knownInFlight, knownLoadPercentage } from '../../core/component/load.ts';
import { locationOf } from '../../core/component/registration.ts';
import type { ComponentResource, HealthView } from '../../core/component/resource.ts';
import { reasonOf, toResource } from '../../core/component/resource.ts';
import type { SystemConfig } from '../../core/config/system-config.ts';
import type { Availability } from '../../core/health/samples/availability.ts';
import { toResponseView } from '../../core/health/response/kept-response.ts';
import { detectionFor } from '../../core/health/check-schedule.ts';
import type { SelfDoubt } from '../../core/health/self-doubt.ts';
import { routingStatusOf } from '../../core/health/at-new-address.ts';
import type { HealthMember, HealthTally, StatusCounts, TypeHealth } from '../../core/health/system-health.ts';
import { MAX_ISSUES_PER_TYPE, summarizeType } from '../../core/health/system-health.ts';
import { withCapacityShortage, withUnreadable } from '../../core/health/system-issues.ts';
import type { BoundedPage } from '../../core/bounded-page.ts';
import { MAX_PAGE_BYTES, boundedPage, utf8Length } from '../../core/bounded-page.ts';
import type { Member } from './member.ts';
import { shareView } from './work-shares.ts';
import type { ComponentQuery, LoadEntry } from '../contract/registry-api.ts';

type Members = ReadonlyMap<string, Member>;

export const isRoutable = (record: ComponentRecord): boolean => whyNotRoutable(routingState(record)) === null;

const routingState = ({ registration, lifecycle, health }: ComponentRecord) => ({
  lifecycle: lifecycle.state,
  weight: registration.weight,
  status: routingStatusOf(health),
});

/** Members, with the configuration in force for each, and counts of them all. */
export interface ConfiguredMembers {
  readonly members: Members;
  readonly balancing: BalancingSettings;
  readonly counts: { readonly checked: number };
  configFor(id: string): SystemConfig;
}

/**
 * Returns a function that turns records of the pool into resources as of `now`. `changed` replaces the record in memory
 * when shares of the work are computed.
 */
export function resourceView(
  pool: ConfiguredMembers,
  now: number,
  changed?: ComponentRecord,
): (record: ComponentRecord) => ComponentResource {
  const { checked } = pool.counts;
  const shareOf = shareView(pool, now, changed);
  return (record) =>
    toResource(record, {
      detection: detectionFor(record.registration, pool.configFor(record.registration.id), checked),
      share: Math.round(1_000 * shareOf(record)) / 1_000,
      assumedTaskMs: pool.balancing.assumedTaskMs,
      now,
    });
}

/** The resource of one component, the only one that shows the response which its registration keeps. */
export function memberView(pool: ConfiguredMembers, member: Member, now: number): ComponentResource {
  const resource = resourceView(pool, now)(member.record);
  return { ...resource, health: { ...resource.health, ...responseOf(member) } };
}

/** Null until the first response since the registration changed its check, or since an eviction. */
function responseOf({ record, lastResponse }: Member): Pick<HealthView, 'response'> {
  if (detailsOf(record.registration.healthCheck) === false) return {};
  return { response: lastResponse && toResponseView(lastResponse) };
}

export function loadsOf(pool: ConfiguredMembers, now: number): LoadEntry[] {
  const view = resourceView(pool, now);
  return Array.from(pool.members.values(), ({ record }) => ({
    componentId: record.registration.id,
    ...view(record).load,
  }));
}

/** Unreadable components named in a list. */
const MAX_UNREADABLE_LISTED = 100;

/** A page in ascending order of ids, within `limit` items and `maxBytes` bytes. */
export function pageOf(
  pool: ConfiguredMembers & Pick<TypeState, 'unreadable'>,
  { limit, maxBytes = MAX_PAGE_BYTES, ...query }: ComponentQuery,
  now: number,
): BoundedPage<ComponentResource> & { unreadable: string[] } {
  const view = resourceView(pool, now);
  const records = Array.from(pool.members.values(), (member) => member.record)
    .filter((record) => (query.after === null || record.registration.id > query.after) && matches(record, query))
    .toSorted((a, b) => (a.registration.id < b.registration.id ? -1 : 1));
  const pageLimits = { limit, maxBytes: Math.min(maxBytes, MAX_PAGE_BYTES) };
  const page = boundedPage(mapLazily(records, view), pageLimits, (item) => utf8Length(JSON.stringify(item)));
  // Only the first page names the unreadable components, and only so many.
  const unreadable = query.after === null ? [...pool.unreadable.keys()].slice(0, MAX_UNREADABLE_LISTED) : [];
  return { ...page, unreadable };
}

/** Maps one by one, so that no more items are built than fit on the page. */
function* mapLazily<T, U>(items: readonly T[], map: (item: T) => U): Generator<U> {
  for (const item of items) yield map(item);
}

function matches(record: ComponentRecord, query: Omit<ComponentQuery, 'limit'>): boolean {
  const { registration } = record;
  if (query.status !== undefined && record.health.status !== query.status) return false;
  if (query.lifecycle !== undefined && record.lifecycle.state !== query.lifecycle) return false;
  if (query.location !== undefined && locationOf(registration) !== query.location) return false;
  if (query.capability !== undefined && !capabilitiesOf(record).includes(query.capability)) return false;
  return Object.entries(query.metadata).every(([key, value]) => {
    const actual = registration.metadata[key];
    return actual !== undefined && (typeof actual === 'string' ? actual : JSON.stringify(actual)) === value;
  });
}

const flagsOf = ({ registration }: ComponentRecord): string[] =>
  Object.entries(registration.capabilities)
    .filter(([, value]) => value === true)
    .map(([name]) => name);

const capabilitiesOf = (record: ComponentRecord): string[] => [
  ...record.registration.capabilities.supportedTaskTypes,
  ...flagsOf(record),
];

export function toCandidate(member: Member): Candidate {
  const { record } = member;
  const { registration } = record;
  return {
    id: registration.id,
    metadata: registration.metadata,
    location: locationOf(registration) ?? null,
    taskTypes: registration.capabilities.supportedTaskTypes,
    flags: flagsOf(record),
    maxConcurrentTasks: registration.capabilities.maxConcurrentTasks ?? null,
    weight: registration.weight,
    order: record.registeredAt,
    ...toCondition(record),
    liveStats: toLiveStats(member),
  };
}

/** The registration as JSON text for routing responses. Contains no secret: header values are redacted. */
export const registrationText = ({ registration }: ComponentRecord): string =>
  JSON.stringify(redactHeaderValues(registration));

export const toCondition = ({ lifecycle, health }: ComponentRecord): Condition => ({
  lifecycle: lifecycle.state,
  status: routingStatusOf(health),
  reason: reasonOf(health),
  backSince: health.backSince ?? null,
});

export function toLiveStats({ record }: Pick<Member, 'record'>): LiveStats {
  const { load, health, registration } = record;
  return {
    suspect: health.suspect || health.ejection.until !== null,
    inFlight: knownInFlight(load),
    estimated: load.estimate.count,
    estimatedAt: load.estimate.at,
    loadPercentage: knownLoadPercentage(load, registration.capabilities.maxConcurrentTasks),
    ewmaMs: load.workMs ?? health.ewmaResponseTimeMs,
    isWorkTime: load.workMs !== null,
  };
}

export const healthMemberOf = (record: ComponentRecord): HealthMember => ({
  id: record.registration.id,
  name: record.registration.name,
  status: record.health.status,
  since: record.health.since,
  reason: record.health.reason,
  rootCause: record.dependencyState.rootCause,
  maintained: record.lifecycle.state === 'maintenance',
});

interface TypeState {
  readonly type: string;
  readonly revision: number;
  readonly unreadable: ReadonlyMap<string, { readonly id: string; readonly since: number }>;
  readonly index: {
    readonly counts: StatusCounts & Pick<HealthTally, 'routable' | 'underMaintenance'>;
    readonly lastStatusChange: number;
    worst(limit: number): readonly Member[];
  };
  readonly selfDoubt: SelfDoubt;
  readonly samples: { readonly typeAvailability: Availability };
}

/** `shortSince`: epoch ms since when callers find no capacity; null while they find some. */
export function toTypeHealth(
  { type, revision, index, unreadable, selfDoubt, samples }: TypeState,
  now: number,
  shortSince: number | null = null,
): TypeHealth {
  const { total, healthy, degraded, unhealthy, unknown, routable, underMaintenance } = index.counts;
  const tally = {
    counts: { total, healthy, degraded, unhealthy, unknown },
    routable,
    underMaintenance,
    lastStatusChange: index.lastStatusChange,
    worst: index.worst(MAX_ISSUES_PER_TYPE).map(({ record }) => healthMemberOf(record)),
  };
  const selfDoubtSince = selfDoubt.kind === 'doubting' ? selfDoubt.since : null;
  const health = {
    ...summarizeType(type, revision, tally, now, selfDoubtSince),
    availability: samples.typeAvailability,
  };
  const complete = withUnreadable(health, unreadable.values());
  return shortSince === null ? complete : withCapacityShortage(complete, shortSince);
}

/** Inputs of one member's health report. */
interface ReportedPool extends ConfiguredMembers {
  readonly samples: { availability(id: string, since: number, now: number): Availability };
}

export function healthReportOf(member: Member, pool: ReportedPool, now: number): HealthReport {
  const { record } = member;
  const report = toHealthReport(record, {
    detection: detectionFor(record.registration, pool.configFor(record.registration.id), pool.counts.checked),
    availability: pool.samples.availability(record.registration.id, record.registeredAt, now),
    // A due check starts at once, or as soon as its host's budget admits it.
    nextCheckAt: Math.max(now, member.nextCheckAt, member.postponedUntil),
    heartbeatDueAt: member.heartbeatDueAt,
    now,
  });
  return { ...report, ...responseOf(member) };
}
