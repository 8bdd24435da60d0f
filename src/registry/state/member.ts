/**
 * A component in the registry's memory: its record, and state that an eviction may lose (the running check, due times).
 * Invariant: every change of an indexed field reaches the observer.
 */
import { silenceLimitMs } from '../../core/health/heartbeat-deadline.ts';
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { degradedAfterMs, detailsOf } from '../../core/component/health-check.ts';
import { healthUrlOf } from '../../core/component/health-url.ts';
import { injectedFailure } from '../../core/drill/drill.ts';
import type { AttemptOrder, Check, CheckPlan } from '../../core/health/check.ts';
import { checkDueAt, retryTimeoutMs } from '../../core/health/check.ts';
import type { ReceivedResponse } from '../../core/health/response/kept-response.ts';
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

/** Receives each member of which a field that the registry indexes has changed. */
export interface MemberObserver {
  changed(member: Member): void;
}

export class Member {
  /** Hash of the id. Determines the place in the type's check round; the same after every restart. */
  readonly idHash: number;
  /** True after downtime extended the heartbeat deadline, until the next heartbeat. */
  graceGranted = false;
  /** Resolvers of `probe` calls that wait for the verdict of the running check. */
  waiters: ((result: Omit<ProbeResult, 'health'>) => void)[] = [];
  quotas: OnDemandQuotas;
  /** The last response to a check of this registration, if it keeps responses. In memory only. */
  lastResponse: ReceivedResponse | null = null;
  /** The index that contains the member; null outside a registry. */
  observer: MemberObserver | null = null;
  private currentRecord: ComponentRecord;
  private runningCheck: Check | null = null;
  private checkTime: number;
  private postponement = 0;
  private heartbeatDeadline: number | null;

  constructor(record: ComponentRecord, times: { nextCheckAt: number; heartbeatDueAt: number | null }, now: number) {
    this.currentRecord = record;
    this.checkTime = times.nextCheckAt;
    this.heartbeatDeadline = times.heartbeatDueAt;
    this.idHash = hashOf(record.registration.id);
    this.quotas = freshQuotas(now);
  }

  get record(): ComponentRecord {
    return this.currentRecord;
  }

  set record(record: ComponentRecord) {
    this.currentRecord = record;
    this.observer?.changed(this);
  }

  get check(): Check | null {
    return this.runningCheck;
  }

  set check(check: Check | null) {
    this.runningCheck = check;
    this.observer?.changed(this);
  }

  /** For a changed health check: ends a running one without a verdict, and drops what the former one kept. */
  resetCheck(): void {
    this.check = null;
    this.lastResponse = null;
  }

  /** Epoch ms at which the next check is due; unchanged while the check is postponed. */
  get nextCheckAt(): number {
    return this.checkTime;
  }

  set nextCheckAt(time: number) {
    this.checkTime = time;
    this.observer?.changed(this);
  }

  /** Epoch ms before which the host's budget admits no check; 0 while the check is not postponed. */
  get postponedUntil(): number {
    return this.postponement;
  }

  set postponedUntil(time: number) {
    this.postponement = time;
    this.observer?.changed(this);
  }

  /** Epoch ms; null without a heartbeat TTL. */
  get heartbeatDueAt(): number | null {
    return this.heartbeatDeadline;
  }

  set heartbeatDueAt(time: number | null) {
    this.heartbeatDeadline = time;
    this.observer?.changed(this);
  }
}

/** A member from a registration or from storage. `nextCheckAt` is epoch ms; its heartbeat TTL starts at `now`. */
export function newMember(record: ComponentRecord, nextCheckAt: number, now: number): Member {
  const ttl = record.registration.heartbeat?.ttl;
  const heartbeatDueAt = ttl === undefined ? null : now + silenceLimitMs(ttl);
  return new Member(record, { nextCheckAt, heartbeatDueAt }, now);
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
    details: detailsOf(check),
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

/** True while there is a sign that the component fails: its checks may hang. */
export const isSuspect = ({ record: { health }, check }: Member): boolean =>
  health.suspect || health.consecutiveFailures > 0 || check?.suspected === true;

/** Epoch ms at which the running check needs attention or the waiting one may begin; Infinity without checks. */
export function checkAttentionAt({ record, check, nextCheckAt, postponedUntil }: Member): number {
  if (check) return checkDueAt(check);
  return record.registration.healthCheck ? Math.max(nextCheckAt, postponedUntil) : Infinity;
}

/** Epoch ms of the earliest deadline of this member, checks apart; Infinity without any. */
export function deadlineOf({ record, heartbeatDueAt }: Member, downtime: Downtime): number {
  return Math.min(
    heartbeatDueAt ?? Infinity,
    record.lifecycle.until ?? Infinity,
    deregistrationDueAt(record, downtime),
    record.health.ejection.until ?? Infinity,
    record.recovery.active?.verification?.until ?? Infinity,
    deferredUntil(record),
    record.recovery.drill?.until ?? Infinity,
  );
}
