/**
 * Runs the health checks of a registry: starts due checks, sends them to the prober in small batches, and turns the
 * reports into health signals. A check that exceeds its host's budget stays due and is postponed. A check without a
 * permit stays due until running checks have ended.
 *
 * Invariant: never waits for a probe. Alarms of an object run one after the other, so a round returns at once and the
 * prober calls back with its reports.
 * Invariant: checks live in memory only. A check that an eviction cuts short has no verdict.
 */
import type { AttemptOrder, Check } from '../../core/health/check.ts';
import { beginCheck, isLost, observeAttempt, startDueRetries } from '../../core/health/check.ts';
import type { HealthSignal } from '../../core/health/observe-health.ts';
import type { AttemptReport, ProbeRunner, ProbeTarget } from '../../probe/probe-runner.ts';
import { MAX_TARGETS_PER_CALL } from '../../probe/probe-runner.ts';
import type { HostRateLimiter } from '../limits/host-rate-limiter.ts';
import type { Member } from '../state/member.ts';
import { INCONCLUSIVE, hostOf, isSuspect, planCheck, targetOf } from '../state/member.ts';
import type { MemberIndex } from '../state/member-index.ts';
import type { MemberSignal } from '../state/member-signal.ts';
import { logError } from '../../logging/log-error.ts';
import type { CheckLane } from './check-permits.ts';
import { CheckPermits } from './check-permits.ts';

/** An attempt that the prober makes now. */
interface StartedAttempt {
  readonly target: ProbeTarget;
  /** Attempts that may hang run in separate batches, so that healthy components do not share their connections. */
  readonly mayHang: boolean;
}

export interface CheckRunnerDeps {
  readonly prober: ProbeRunner;
  readonly hostLimiter: HostRateLimiter;
  readonly index: MemberIndex;
  readonly onReports: (reports: AttemptReport[]) => Promise<void>;
}

/**
 * Attempts that one pass, and so one invocation of the object, starts. Further checks stay due, and the alarm follows
 * at once as an invocation of its own. Cloudflare documents at most 32 Worker invocations for each, prober calls
 * included, and fails any beyond. The limit makes at most 24 prober calls, for both kinds of batches, and leaves
 * capacity for other calls.
 */
const MAX_STARTED_PER_PASS = 23 * MAX_TARGETS_PER_CALL;
const NO_DETAILS = { details: null, responseTimeMs: null };

/** Pause before a check is repeated because its reports never arrived, or its prober ran late. */
const LOST_RETRY_MS = 1_000;

const LANES: readonly CheckLane[] = ['regular', 'suspect'];

export class CheckRunner {
  private readonly deps: CheckRunnerDeps;
  private readonly permits = new CheckPermits();
  /** Epoch ms of the last passed check of any member. */
  lastPassedAt = 0;
  /** Starts at a random number, so that a report for a check from before an eviction matches no later check. */
  private nextCheckId = Math.floor(Math.random() * 2 ** 40);

  constructor(deps: CheckRunnerDeps) {
    this.deps = deps;
  }

  /** Epoch ms at which the next pass is due; Infinity for none. Checks without a permit wait for reports instead. */
  get dueAt(): number {
    const { checks, counts } = this.deps.index;
    const open = LANES.filter((lane) => this.permits.isOpen(lane, counts));
    return Math.min(checks.running.minKey, ...open.map((lane) => checks[lane].minKey));
  }

  /** Makes checks due now, behind those that are longer overdue. A running check is not repeated. */
  request(members: Iterable<Member>, now: number): void {
    for (const member of members)
      if (!member.check && member.record.registration.healthCheck && member.nextCheckAt > now) member.nextCheckAt = now;
  }

  /**
   * A pass: starts every check and retry that is due by `now`, within all bounds. Returns the signals of checks given
   * up as lost. To be called once in each invocation of the object.
   */
  start(now: number): MemberSignal[] {
    const { index } = this.deps;
    const started: StartedAttempt[] = [];
    const lost: MemberSignal[] = [];
    for (const member of index.checks.running.first(Infinity, now)) {
      const check = member.check!;
      if (isLost(check, now)) lost.push(this.giveUp(member, check, now + LOST_RETRY_MS));
      else if (started.length < MAX_STARTED_PER_PASS) started.push(...this.retry(member, check, now));
    }
    for (const member of this.waiting(now)) {
      if (started.length >= MAX_STARTED_PER_PASS) break;
      if (this.permits.isOpen(laneOf(member), index.counts)) started.push(...this.beginUnlessPostponed(member, now));
    }
    this.dispatch(started);
    return lost;
  }

  /** Members whose check may begin: longest overdue first, so that no component at a crowded host waits forever. */
  private waiting(now: number): Member[] {
    const { checks, counts } = this.deps.index;
    return LANES.filter((lane) => this.permits.isOpen(lane, counts))
      .flatMap((lane) => checks[lane].first(Infinity, now))
      .toSorted((a, b) => a.nextCheckAt - b.nextCheckAt);
  }

  /** Returns the signals that the prober's reports result in. Late, duplicate and unknown reports are ignored. */
  observe(members: ReadonlyMap<string, Member>, reports: readonly AttemptReport[], now: number): MemberSignal[] {
    return reports.flatMap((report): MemberSignal[] => {
      const member = members.get(report.componentId);
      if (!member?.check || member.check.id !== report.checkId) return [];
      const { next, progress } = observeAttempt(member.check, report.attempt, report.outcome, now);
      member.check = next;
      if (progress !== 'ignored') noteResponse(member, report, now);
      switch (progress) {
        case 'ignored':
        case 'running':
          return [];
        case 'suspected':
          return [{ member, signal: { kind: 'suspected', error: next.lastError! }, ended: null }];
        case 'lost':
          return [this.giveUp(member, next, now + LOST_RETRY_MS)];
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
          if (this.deps.hostLimiter.notePassed(host, now)) this.releasePostponed(host, now);
          return [this.end(member, next, { kind: 'check-passed', status, responseTimeMs, details })];
        }
        default:
          return progress satisfies never;
      }
    });
  }

  private beginUnlessPostponed(member: Member, now: number): StartedAttempt[] {
    const waitMs = this.deps.hostLimiter.admit(hostOf(member.record), now);
    member.postponedUntil = waitMs > 0 ? now + waitMs : 0;
    if (waitMs > 0) return [];
    const { next, orders } = beginCheck(this.nextCheckId++, planCheck(member.record), now);
    member.check = next;
    return orders.map((order) => toStartedAttempt(member, order));
  }

  private retry(member: Member, check: Check, now: number): StartedAttempt[] {
    const { next, orders } = startDueRetries(check, now);
    member.check = next;
    for (const { attempt } of orders) this.deps.hostLimiter.chargeRetry(hostOf(member.record), attempt, now);
    return orders.map((order) => toStartedAttempt(member, order));
  }

  private end(member: Member, check: Check, signal: HealthSignal): MemberSignal {
    member.check = null;
    return { member, signal, ended: check };
  }

  /** Ends void checks without a verdict, and makes them due again at once. */
  abandon(isVoid: (check: Check) => boolean, now: number): MemberSignal[] {
    return this.deps.index.checks.running
      .first(Infinity)
      .flatMap((member) => (isVoid(member.check!) ? [this.giveUp(member, member.check!, now)] : []));
  }

  /** Makes the postponed checks of a host due now, because the host passes checks again. */
  private releasePostponed(host: string, now: number): void {
    for (const member of this.deps.index.checks.postponed)
      if (member.postponedUntil > now && hostOf(member.record) === host) member.postponedUntil = now;
  }

  private giveUp(member: Member, check: Check, nextCheckAt: number): MemberSignal {
    member.nextCheckAt = nextCheckAt;
    for (const resolve of member.waiters.splice(0)) resolve(INCONCLUSIVE);
    return this.end(member, { ...check }, { kind: 'doubt-ended' });
  }

  private dispatch(started: readonly StartedAttempt[]): void {
    const { prober, onReports } = this.deps;
    for (const mayHang of [false, true]) {
      const targets = started.filter((each) => each.mayHang === mayHang).map((each) => each.target);
      for (let at = 0; at < targets.length; at += MAX_TARGETS_PER_CALL) {
        prober.run(targets.slice(at, at + MAX_TARGETS_PER_CALL), onReports).catch((error: unknown) => {
          // A failed batch is not the components' fault: their checks are given up as lost and repeated.
          logError('probe batch failed', { error });
        });
      }
    }
  }
}

function toStartedAttempt(member: Member, order: AttemptOrder): StartedAttempt {
  return { target: targetOf(member.record, order), mayHang: isSuspect(member) || order.attempt > 0 };
}

function noteResponse(member: Member, { outcome }: AttemptReport, now: number): void {
  // A failure that a drill injects is no response of the component, nor is an attempt without one.
  if ('response' in outcome && outcome.response) member.lastResponse = { ...outcome.response, at: now };
}

const laneOf = (member: Member): CheckLane => (isSuspect(member) ? 'suspect' : 'regular');
