/**
 * Runs the checks of a registry: starts what is due, hands it to the prober in small batches, takes in
 * the reports and says what they mean.
 *
 * Never waits for a probe: a round returns at once and reports come back by call, because alarms of an
 * object run one after the other. Checks live in memory only; one cut short by an eviction is void.
 */
import type { Check } from '../core/health/check.ts';
import { beginCheck, isLost, observeAttempt, startDueRetries } from '../core/health/check.ts';
import type { HealthSignal } from '../core/health/observe-health.ts';
import type { AttemptReport, ProbeRunner, ProbeTarget } from '../probe/probe-runner.ts';
import { MAX_TARGETS_PER_CALL } from '../probe/probe-runner.ts';
import type { Member } from './member.ts';
import { INCONCLUSIVE, planCheck, targetOf } from './member.ts';

/** A signal about a member, with the check it ends, if it ends one. */
export interface MemberSignal {
  readonly member: Member;
  readonly signal: HealthSignal;
  readonly ended: Check | null;
}

/** Pause before a check is repeated whose reports never came. */
const LOST_RETRY_MS = 1_000;

export class CheckRounds {
  private readonly prober: ProbeRunner;
  private readonly report: (reports: AttemptReport[]) => Promise<void>;
  /** Starts anywhere, so that a report meant for a check before an eviction meets no other one. */
  private nextCheckId = Math.floor(Math.random() * 2 ** 40);

  constructor(prober: ProbeRunner, report: (reports: AttemptReport[]) => Promise<void>) {
    this.prober = prober;
    this.report = report;
  }

  /** Starts every check and retry that is due by `now`; answers the signals of checks given up as lost. */
  start(members: Iterable<Member>, now: number): MemberSignal[] {
    const regular: ProbeTarget[] = [];
    const questionable: ProbeTarget[] = [];
    const lost: MemberSignal[] = [];
    for (const member of members) {
      if (!member.record.registration.healthCheck) continue;
      if (member.check && isLost(member.check, now)) lost.push(this.giveUp(member, member.check, now));
      const targets = this.advance(member, now);
      const { health } = member.record;
      const doubtful =
        health.suspect || health.consecutiveFailures > 0 || targets.some((target) => target.order.attempt > 0);
      (doubtful ? questionable : regular).push(...targets);
    }
    // Those that may hang are kept apart, so that no healthy one shares their connections.
    this.dispatch(regular);
    this.dispatch(questionable);
    return lost;
  }

  /** What the prober's reports mean for their components; late, duplicate and foreign ones mean nothing. */
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
          const details = report.outcome.kind === 'failed' ? report.outcome.details : null;
          return [this.end(member, next, { kind: 'check-failed', error: next.lastError!, details })];
        }
        case 'passed': {
          if (report.outcome.kind !== 'passed') return [];
          const { status, responseTimeMs, details } = report.outcome;
          return [this.end(member, next, { kind: 'check-passed', status, responseTimeMs, details })];
        }
        default:
          return progress satisfies never;
      }
    });
  }

  private advance(member: Member, now: number): ProbeTarget[] {
    const { record } = member;
    const begins = member.check === null && member.nextCheckAt <= now;
    if (!begins && !member.check) return [];
    const step = member.check
      ? startDueRetries(member.check, now)
      : beginCheck(this.nextCheckId++, planCheck(record), now);
    member.check = step.next;
    return step.orders.map((order) => targetOf(record, order));
  }

  private end(member: Member, check: Check, signal: HealthSignal): MemberSignal {
    member.check = null;
    return { member, signal, ended: check };
  }

  private giveUp(member: Member, check: Check, now: number): MemberSignal {
    member.nextCheckAt = now + LOST_RETRY_MS;
    for (const resolve of member.waiting.splice(0)) resolve(INCONCLUSIVE);
    return this.end(member, { ...check }, { kind: 'doubt-ended' });
  }

  private dispatch(targets: readonly ProbeTarget[]): void {
    for (let at = 0; at < targets.length; at += MAX_TARGETS_PER_CALL) {
      this.prober.run(targets.slice(at, at + MAX_TARGETS_PER_CALL), this.report).catch((error: unknown) => {
        // Not the components' fault: their checks are given up as lost and repeated.
        console.error(JSON.stringify({ message: 'probe batch failed', error: String(error) }));
      });
    }
  }
}
