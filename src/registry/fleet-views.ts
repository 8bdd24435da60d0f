/** What others are shown of a registry's members: resources, candidates, vitals, the roll-up. */
import type { Candidate, Vitals } from '../core/balancing/candidate.ts';
import { whyNotRoutable } from '../core/balancing/candidate.ts';
import type { ComponentRecord } from '../core/component/component-record.ts';
import { inFlight, loadPercentage } from '../core/component/load.ts';
import { locationOf } from '../core/component/registration.ts';
import type { ComponentResource } from '../core/component/resource.ts';
import { toResource } from '../core/component/resource.ts';
import type { SystemConfig } from '../core/config/system-config.ts';
import { detectionFor } from '../core/health/schedule.ts';
import type { TypeHealth } from '../core/health/system-health.ts';
import { summarizeType } from '../core/health/system-health.ts';
import type { Member } from './member.ts';
import type { ComponentQuery } from './registry-api.ts';

type Members = ReadonlyMap<string, Member>;

const isRoutable = (record: ComponentRecord): boolean => whyNotRoutable(routingState(record)) === null;

const routingState = ({ registration, lifecycle, health }: ComponentRecord) => ({
  lifecycle: lifecycle.state,
  weight: registration.weight,
  status: health.status,
});

export const countChecked = (members: Members): number => {
  let checked = 0;
  for (const { record } of members.values()) if (record.registration.healthCheck) checked++;
  return checked;
};

const roomOf = (record: ComponentRecord): number =>
  isRoutable(record) ? record.registration.weight * (record.registration.capabilities.maxConcurrentTasks ?? 1) : 0;

/** A function that turns records of this fleet into resources, as of `now`; `changed` counts as it is about to be. */
export function resourceView(
  members: Members,
  config: SystemConfig,
  now: number,
  changed?: ComponentRecord,
): (record: ComponentRecord) => ComponentResource {
  const checked = countChecked(members);
  let total = 0;
  for (const { record } of members.values())
    if (record.registration.id !== changed?.registration.id) total += roomOf(record);
  if (changed) total += roomOf(changed);
  return (record) =>
    toResource(record, {
      detection: detectionFor(record.registration, config, checked),
      share: total === 0 ? 0 : Math.round((1_000 * roomOf(record)) / total) / 1_000,
      now,
    });
}

export function matches(record: ComponentRecord, query: ComponentQuery): boolean {
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

export function toCandidate(member: Member, now: number): Candidate {
  const { record } = member;
  const { registration, health } = record;
  return {
    id: registration.id,
    name: registration.name,
    type: registration.type,
    endpoint: registration.endpoint,
    metadata: registration.metadata,
    location: locationOf(registration) ?? null,
    taskTypes: registration.capabilities.supportedTaskTypes,
    flags: flagsOf(record),
    maxConcurrentTasks: registration.capabilities.maxConcurrentTasks ?? null,
    reason: health.reason,
    order: record.registeredAt,
    backSince: health.backSince ?? null,
    ...routingState(record),
    vitals: toVitals(member, now),
  };
}

export function toVitals({ record }: Member, now: number): Vitals {
  const { load, health, registration } = record;
  return {
    suspect: health.suspect,
    inFlight: inFlight(load, now),
    loadPercentage: loadPercentage(load, registration.capabilities.maxConcurrentTasks, now),
    usualMs: load.workMs ?? health.usualResponseTimeMs,
  };
}

export function toTypeHealth(type: string, revision: number, members: Members, now: number): TypeHealth {
  const summaries = Array.from(members.values(), ({ record }) => ({
    id: record.registration.id,
    name: record.registration.name,
    status: record.health.status,
    since: record.health.since,
    reason: record.health.reason,
    routable: isRoutable(record),
  }));
  return summarizeType(type, revision, summaries, now);
}
