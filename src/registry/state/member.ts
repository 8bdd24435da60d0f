/**
 * A component in the registry's memory: its record and what need not survive an eviction, that is the
 * check under way and the times at which it is due for something.
 */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { degradedAfterMs } from '../../core/component/health-check.ts';
import { healthUrlOf } from '../../core/component/health-url.ts';
import { injectedInto } from '../../core/drill/drill.ts';
import type { AttemptOrder, Check, CheckPlan } from '../../core/health/check.ts';
import { checkDueAt, retryTimeoutMs } from '../../core/health/check.ts';
import { suspicionMs } from '../../core/health/schedule.ts';
import { hashOf } from '../../core/hash.ts';
import { hasFailedDependency } from '../../core/component/root-cause.ts';
import type { OnDemandQuotas } from '../../core/quota/on-demand-quota.ts';
import { freshQuotas } from '../../core/quota/on-demand-quota.ts';
import type { ProbeTarget } from '../../probe/probe-runner.ts';
import { hostOfUrl } from '../../core/health/host-of-url.ts';
import type { ProbeResult } from '../contract/registry-api.ts';
import type { Downtime } from './downtime.ts';

export interface Member {
  record: ComponentRecord;
  check: Check | null;
  /** When it is due for a check, epoch ms; stays what it is while the check is put off. */
  nextCheckAt: number;
  /** Its host cannot take the check before, epoch ms; 0 when nothing keeps it waiting. */
  putOffUntil: number;
  heartbeatDueAt: number | null;
  /** It has been granted more time because we slept, and was not heard of since. */
  excused: boolean;
  /** Places it within its type's round, the same after every restart. */
  readonly ordinal: number;
  /** Callers of `probe` who wait for the verdict of the check under way. */
  waiting: ((result: Omit<ProbeResult, 'health'>) => void)[];
  quotas: OnDemandQuotas;
}

/** A component fresh from registration or storage: due for a check at `nextCheckAt`, its heartbeat from now on. */
export function newMember(record: ComponentRecord, nextCheckAt: number, now: number): Member {
  const ttl = record.registration.heartbeat?.ttl;
  const heartbeatDueAt = ttl === undefined ? null : now + ttl;
  return {
    record,
    check: null,
    nextCheckAt,
    putOffUntil: 0,
    heartbeatDueAt,
    excused: false,
    ordinal: hashOf(record.registration.id),
    waiting: [],
    quotas: freshQuotas(now),
  };
}

/** The answer to callers of `probe` whose check ended without a verdict. */
export const INCONCLUSIVE: Omit<ProbeResult, 'health'> = { outcome: 'inconclusive', responseTimeMs: null, error: null };

/** Rechecks that keep the short timeout, so that the threshold is reached in seconds. */
const FAST_RECHECKS = 2;

/** How the next check of a component is made: in full when all was well, single and quick while in question. */
export function planCheck(record: ComponentRecord): CheckPlan {
  const check = record.registration.healthCheck!;
  const { health, recovery } = record;
  const short = retryTimeoutMs(check.timeout, health.usualResponseTimeMs);
  const failing = health.consecutiveFailures > 0 || recovery.active?.verification != null;
  const fast = health.consecutiveFailures > 0 && health.consecutiveFailures <= FAST_RECHECKS && !recovery.active;
  return {
    timeoutMs: fast ? short : check.timeout,
    suspicionMs: suspicionMs(record.registration),
    retries: failing ? 0 : check.retries,
    retryTimeoutMs: short,
  };
}

/** The host that its checks ask. */
export const hostOf = (record: ComponentRecord): string => hostOfUrl(healthUrlOf(record.registration));

export function targetOf(record: ComponentRecord, order: AttemptOrder): ProbeTarget {
  const { registration } = record;
  const check = registration.healthCheck!;
  return {
    componentId: registration.id,
    url: healthUrlOf(registration),
    method: check.method,
    headers: check.headers ?? {},
    expect: check.expect ?? {},
    degradedAfterMs: degradedAfterMs(check),
    order,
    inject: injectedInto(record),
  };
}

/**
 * Epoch ms at which a component that stays down is removed, Infinity for never. While a dependency keeps it down
 * that is no sign that it will not return, none while it is maintained, and while we slept nobody looked; after each it
 * has as long as its owner allowed once more.
 */
export function deregistrationDueAt(record: ComponentRecord, sleeps: Downtime): number {
  const { registration, health, shadow, lifecycle, recovery } = record;
  const isExcused = hasFailedDependency(shadow) || lifecycle.state === 'maintenance' || Boolean(recovery.drill);
  const isGarbage = health.status === 'unhealthy' && !isExcused;
  if (!isGarbage || registration.deregisterAfter === undefined) return Infinity;
  const since = Math.max(health.since, shadow.since, lifecycle.maintainedUntil ?? 0);
  return since + registration.deregisterAfter + sleeps.since(since);
}

/** Epoch ms at which this member next needs the alarm, Infinity for never. */
export function dueAt(member: Member, sleeps: Downtime): number {
  const { record } = member;
  const check = member.check
    ? checkDueAt(member.check)
    : record.registration.healthCheck
      ? Math.max(member.nextCheckAt, member.putOffUntil)
      : Infinity;
  return Math.min(
    check,
    member.heartbeatDueAt ?? Infinity,
    record.lifecycle.until ?? Infinity,
    deregistrationDueAt(record, sleeps),
    record.health.ejection.until ?? Infinity,
    record.recovery.active?.verification?.until ?? Infinity,
    record.recovery.drill?.until ?? Infinity,
  );
}
