/**
 * Runs the health checks of a registry: starts due checks, sends them to the prober in small batches, and turns the
 * reports into health signals. A check that exceeds its host's budget stays due and is postponed.
 *
 * Invariant: never waits for a probe. Alarms of an object run one after the other, so a round returns at once and the
 * prober calls back with its reports.
 * Invariant: checks live in memory only. A check that an eviction cuts short has no verdict.
 */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import type { AttemptOrder, Check } from '../../core/health/check.ts';
import { beginCheck, isLost, observeAttempt, startDueRetries } from '../../core/health/check.ts';
import type { HealthSignal } from '../../core/health/observe-health.ts';
import type { AttemptReport, ProbeRunner, ProbeTarget } from '../../probe/probe-runner.ts';
import { MAX_TARGETS_PER_CALL } from '../../probe/probe-runner.ts';
import type { HostRateLimiter } from '../limits/host-rate-limiter.ts';
import type { Member } from '../state/member.ts';
import { INCONCLUSIVE, hostOf, planCheck, targetOf } from '../state/member.ts';
import type { MemberSignal } from '../state/member-signal.ts';
import { logError } from '../../logging/log-error.ts';

/** An attempt that the prober makes now. */
interface StartedAttempt {
  readonly target: ProbeTarget;
  /** Attempts that may hang run in separate batches, so that healthy components do not share their connections. */
  readonly mayHang: boolean;
}

/**
 * Attempts that one invocation of the object starts. Further checks stay due, and the alarm follows at once as an
 * invocation of its own. Cloudflare documents at most 32 Worker invocations for each, prober calls included, and fails
 * any beyond. The limit makes at most 24 prober calls, for both kinds of batches, and leaves capacity for other calls.
 */
const MAX_STARTED_PER_INVOCATION = 23 * MAX_TARGETS_PER_CALL;
const NO_DETAILS = { details: null, responseTimeMs: null };

/** Pause before a check is repeated because its reports never arrived. */
const LOST_RETRY_MS = 1_000;

export class CheckRunner {
  private readonly prober: ProbeRunner;
  private readonly hostLimiter: HostRateLimiter;
  private readonly onReports: (reports: AttemptReport[]) => Promise<void>;
  /** Epoch ms of the last passed check of any member. */
  lastPassedAt = 0;
  /** Starts at a random number, so that a report for a check from before an eviction matches no later check. */
  private nextCheckId = Math.floor(Math.random() * 2 ** 40);

  constructor(
    prober: ProbeRunner,
    hostLimiter: HostRateLimiter,
    onReports: (reports: AttemptReport[]) => Promise<void>,
  ) {
    this.prober = prober;
    this.hostLimiter = hostLimiter;
    this.onReports = onReports;
  }

  /** Starts every check and retry that is due by `now`. Returns the signals of checks given up as lost. */
  start(members: Iterable<Member>, now: number): MemberSignal[] {
    const started: StartedAttempt[] = [];
    const lost: MemberSignal[] = [];
    const due: Member[] = [];
    for (const member of members) {
      if (!member.record.registration.healthCheck) continue;
      if (member.check && isLost(member.check, now)) lost.push(this.giveUp(member, member.check, now + LOST_RETRY_MS));
      if (member.check) {
        if (started.length < MAX_STARTED_PER_INVOCATION) started.push(...this.retry(member, member.check, now));
      } else if (member.nextCheckAt <= now) due.push(member);
    }
    // Longest overdue first, so that no component at a crowded host waits forever.
    for (const member of due.toSorted((a, b) => a.nextCheckAt - b.nextCheckAt)) {
      if (started.length >= MAX_STARTED_PER_INVOCATION) break;
      const waitMs = this.hostLimiter.admitNext(hostOf(member.record), now);
      started.push(...this.beginUnlessPostponed(member, waitMs, now));
    }
    this.dispatch(started);
    return lost;
  }

  /** Starts checks now, behind the checks that already wait for their hosts. A running check is not repeated. */
  startNow(members: Iterable<Member>, now: number): void {
    const started: StartedAttempt[] = [];
    for (const member of members) {
      if (member.check || !member.record.registration.healthCheck) continue;
      // A check that already waits keeps its place.
      member.nextCheckAt = Math.min(member.nextCheckAt, now);
      if (started.length >= MAX_STARTED_PER_INVOCATION) continue;
      const waitMs = this.hostLimiter.admit(hostOf(member.record), now);
      started.push(...this.beginUnlessPostponed(member, waitMs, now));
    }
    this.dispatch(started);
  }

  /** Returns the signals that the prober's reports result in. Late, duplicate and unknown reports are ignored. */
  observe(members: ReadonlyMap<string, Member>, reports: readonly AttemptReport[], now: number): MemberSignal[] {
    return reports.flatMap((report): MemberSignal[] => {
      const member = members.get(report.componentId);
      if (!member?.check || member.check.id !== report.checkId) return [];
      const { next, progress } = observeAttempt(member.check, report.attempt, report.outcome, now);
      member.check = next;
      switch (progress) {
        case 'ignored':
        case 'running':
          return [];
        case 'suspected':
          return [{ member, signal: { kind: 'suspected', error: next.lastError! }, ended: null }];
        case 'failed': {
          const { details, responseTimeMs } = report.outcome.kind === 'failed' ? report.outcome : NO_DETAILS;
          const signal = { kind: 'check-failed' as const, error: next.lastError!, details, responseTimeMs };
          return [this.end(member, next, signal)];
        }
        case 'passed': {
          if (report.outcome.kind !== 'passed') return [];
          this.lastPassedAt = now;
          const { status, responseTimeMs, details } = report.outcome;
          const host = hostOf(member.record);
          if (this.hostLimiter.notePassed(host, now)) releasePostponed(members, host, now);
          return [this.end(member, next, { kind: 'check-passed', status, responseTimeMs, details })];
        }
        default:
          return progress satisfies never;
      }
    });
  }

  private beginUnlessPostponed(member: Member, waitMs: number, now: number): StartedAttempt[] {
    member.postponedUntil = waitMs > 0 ? now + waitMs : 0;
    if (waitMs > 0) return [];
    const { next, orders } = beginCheck(this.nextCheckId++, planCheck(member.record), now);
    member.check = next;
    return orders.map((order) => toStartedAttempt(member.record, order));
  }

  private retry(member: Member, check: Check, now: number): StartedAttempt[] {
    const { next, orders } = startDueRetries(check, now);
    member.check = next;
    for (const { attempt } of orders) this.hostLimiter.chargeRetry(hostOf(member.record), attempt, now);
    return orders.map((order) => toStartedAttempt(member.record, order));
  }

  private end(member: Member, check: Check, signal: HealthSignal): MemberSignal {
    member.check = null;
    return { member, signal, ended: check };
  }

  /** Ends void checks without a verdict, and makes them due again at once. */
  abandon(members: Iterable<Member>, isVoid: (check: Check) => boolean, now: number): MemberSignal[] {
    return Array.from(members).flatMap((member) =>
      member.check && isVoid(member.check) ? [this.giveUp(member, member.check, now)] : [],
    );
  }

  private giveUp(member: Member, check: Check, nextCheckAt: number): MemberSignal {
    member.nextCheckAt = nextCheckAt;
    for (const resolve of member.waiters.splice(0)) resolve(INCONCLUSIVE);
    return this.end(member, { ...check }, { kind: 'doubt-ended' });
  }

  private dispatch(started: readonly StartedAttempt[]): void {
    for (const mayHang of [false, true]) {
      const targets = started.filter((each) => each.mayHang === mayHang).map((each) => each.target);
      for (let at = 0; at < targets.length; at += MAX_TARGETS_PER_CALL) {
        this.prober.run(targets.slice(at, at + MAX_TARGETS_PER_CALL), this.onReports).catch((error: unknown) => {
          // A failed batch is not the components' fault: their checks are given up as lost and repeated.
          logError('probe batch failed', { error });
        });
      }
    }
  }
}

function toStartedAttempt(record: ComponentRecord, order: AttemptOrder): StartedAttempt {
  const { suspect, consecutiveFailures } = record.health;
  return { target: targetOf(record, order), mayHang: suspect || consecutiveFailures > 0 || order.attempt > 0 };
}

/** Makes the postponed checks of a host due now, because the host passes checks again. */
function releasePostponed(members: ReadonlyMap<string, Member>, host: string, now: number): void {
  for (const member of members.values()) {
    if (member.postponedUntil > now && hostOf(member.record) === host) member.postponedUntil = now;
  }
}
