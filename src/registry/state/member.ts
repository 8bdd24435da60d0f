/**
 * A component in the registry's memory: its record, and state that an eviction may lose (the running check, due times).
 */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { degradedAfterMs } from '../../core/component/health-check.ts';
import { healthUrlOf } from '../../core/component/health-url.ts';
import { injectedFailure } from '../../core/drill/drill.ts';
import type { AttemptOrder, Check, CheckPlan } from '../../core/health/check.ts';
import { checkDueAt, retryTimeoutMs } from '../../core/health/check.ts';
import { suspicionMs } from '../../core/health/check-schedule.ts';
import { hashOf } from '../../core/hash.ts';
import { cooldownUntil } from '../../core/failure/cooldown.ts';
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
  /** Epoch ms at which the next check is due; unchanged while the check is postponed. */
  nextCheckAt: number;
  /** Epoch ms before which the host's budget admits no check; 0 while the check is not postponed. */
  postponedUntil: number;
  /** Epoch ms; null without a heartbeat TTL. */
  heartbeatDueAt: number | null;
  /** True after downtime extended the heartbeat deadline, until the next heartbeat. */
  graceGranted: boolean;
  /** Hash of the id. Determines the place in the type's check round; the same after every restart. */
  readonly idHash: number;
  /** Resolvers of `probe` calls that wait for the verdict of the running check. */
  waiters: ((result: Omit<ProbeResult, 'health'>) => void)[];
  quotas: OnDemandQuotas;
}

/** A member from a registration or from storage. `nextCheckAt` is epoch ms; its heartbeat TTL starts at `now`. */
export function newMember(record: ComponentRecord, nextCheckAt: number, now: number): Member {
  const ttl = record.registration.heartbeat?.ttl;
  const heartbeatDueAt = ttl === undefined ? null : now + ttl;
  return {
    record,
    check: null,
    nextCheckAt,
    postponedUntil: 0,
    heartbeatDueAt,
    graceGranted: false,
    idHash: hashOf(record.registration.id),
    waiters: [],
    quotas: freshQuotas(now),
  };
}

/** Result of `probe` calls whose check ended without a verdict. */
export const INCONCLUSIVE: Omit<ProbeResult, 'health'> = { outcome: 'inconclusive', responseTimeMs: null, error: null };

/** Rechecks that use the short timeout, so that the failure threshold is reached within seconds. */
const FAST_RECHECKS = 2;

/**
 * Plans the next check. A component with recent failures, or under verification, gets a single attempt. The first
 * rechecks after a failure also use the short timeout, and so do checks before an action of a recovery.
 */
export function planCheck(record: ComponentRecord): CheckPlan {
  const check = record.registration.healthCheck!;
  const { health, recovery } = record;
  const quickTimeoutMs = retryTimeoutMs(check.timeout, health.ewmaResponseTimeMs);
  const isFailing = health.consecutiveFailures > 0 || recovery.active?.verification != null;
  const isEarly = recovery.active ? recovery.active.verification === null : health.consecutiveFailures <= FAST_RECHECKS;
  const isQuick = health.consecutiveFailures > 0 && isEarly;
  return {
    timeoutMs: isQuick ? quickTimeoutMs : check.timeout,
    suspicionMs: suspicionMs(record.registration),
    retries: isFailing ? 0 : check.retries,
    retryTimeoutMs: quickTimeoutMs,
  };
}

/** Host (name and port) of the component's health URL. */
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
    inject: injectedFailure(record),
  };
}

/**
 * Epoch ms at which a component that stays down is removed; Infinity for never. A failed dependency, maintenance or a
 * drill prevents the removal. When a dependency returns or maintenance ends, `deregisterAfter` starts again. Downtime
 * of the registry does not count, because no heartbeat or report could arrive.
 */
export function deregistrationDueAt(record: ComponentRecord, downtime: Downtime): number {
  const { registration, health, dependencyState, lifecycle, recovery } = record;
  const isExempt = hasFailedDependency(dependencyState) || lifecycle.state === 'maintenance' || Boolean(recovery.drill);
  const isRemovable = health.status === 'unhealthy' && !isExempt;
  if (!isRemovable || registration.deregisterAfter === undefined) return Infinity;
  const since = Math.max(health.since, dependencyState.since, lifecycle.maintainedUntil ?? 0);
  return since + registration.deregisterAfter + downtime.since(since);
}

/** Epoch ms at which the recovery begins that a cooldown holds back; Infinity for none. */
const deferredUntil = ({ recovery }: ComponentRecord): number =>
  recovery.deferred && !recovery.active ? cooldownUntil(recovery.cooldown) : Infinity;

/** Epoch ms at which this member next needs the alarm; Infinity for never. */
export function dueAt(member: Member, downtime: Downtime): number {
  const { record } = member;
  const check = member.check
    ? checkDueAt(member.check)
    : record.registration.healthCheck
      ? Math.max(member.nextCheckAt, member.postponedUntil)
      : Infinity;
  return Math.min(
    check,
    member.heartbeatDueAt ?? Infinity,
    record.lifecycle.until ?? Infinity,
    deregistrationDueAt(record, downtime),
    record.health.ejection.until ?? Infinity,
    record.recovery.active?.verification?.until ?? Infinity,
    deferredUntil(record),
    record.recovery.drill?.until ?? Infinity,
  );
}
