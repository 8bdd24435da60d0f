/**
 * Runs the checks of a registry: starts what is due, hands it to the prober in small batches, takes in
 * the reports and says what they mean.
 *
 * Never waits for a probe: a round returns at once and reports come back by call, because alarms of an
 * object run one after the other. Checks live in memory only; one cut short by an eviction is void.
 * A check that its host's budget has no room for stays due and is put off.
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

/** An attempt to be made now. */
interface Started {
  readonly target: ProbeTarget;
  /** It may hang: kept apart, so that no healthy one shares its connections. */
  readonly doubtful: boolean;
}

/**
 * Attempts that one turn of the object starts; the rest stays due, and the alarm that follows at once is a turn of its
 * own. Cloudflare documents 32 Worker invocations for each, every call of the prober among them, and fails what is
 * beyond: these make 24 calls at most, of both kinds, and leave room for calls to others.
 */
const MAX_STARTED_AT_ONCE = 23 * MAX_TARGETS_PER_CALL;
const NOTHING_SAID = { details: null, responseTimeMs: null };

/** Pause before a check is repeated whose reports never came. */
const LOST_RETRY_MS = 1_000;

export class CheckRunner {
  private readonly prober: ProbeRunner;
  private readonly gate: HostRateLimiter;
  private readonly report: (reports: AttemptReport[]) => Promise<void>;
  /** When a check of any of them passed last, epoch ms. */
  lastPassedAt = 0;
  /** Starts anywhere, so that a report meant for a check before an eviction meets no other one. */
  private nextCheckId = Math.floor(Math.random() * 2 ** 40);

  constructor(prober: ProbeRunner, gate: HostRateLimiter, report: (reports: AttemptReport[]) => Promise<void>) {
    this.prober = prober;
    this.gate = gate;
    this.report = report;
  }

  /** Starts every check and retry that is due by `now`; answers the signals of checks given up as lost. */
  start(members: Iterable<Member>, now: number): MemberSignal[] {
    const started: Started[] = [];
    const lost: MemberSignal[] = [];
    const due: Member[] = [];
    for (const member of members) {
      if (!member.record.registration.healthCheck) continue;
      if (member.check && isLost(member.check, now)) lost.push(this.giveUp(member, member.check, now + LOST_RETRY_MS));
      if (member.check) {
        if (started.length < MAX_STARTED_AT_ONCE) started.push(...this.retry(member, member.check, now));
      } else if (member.nextCheckAt <= now) due.push(member);
    }
    // In the order in which they became due, so that a crowded host keeps nobody waiting for ever.
    for (const member of due.toSorted((a, b) => a.nextCheckAt - b.nextCheckAt)) {
      if (started.length >= MAX_STARTED_AT_ONCE) break;
      const waitMs = this.gate.admitInTurn(hostOf(member.record), now);
      started.push(...this.beginUnlessPutOff(member, waitMs, now));
    }
    this.dispatch(started);
    return lost;
  }

  /** Starts checks now, behind those who wait for their hosts already; one under way is enough for its component. */
  startNow(members: Iterable<Member>, now: number): void {
    const started: Started[] = [];
    for (const member of members) {
      if (member.check || !member.record.registration.healthCheck) continue;
      // One that waits already keeps its place.
      member.nextCheckAt = Math.min(member.nextCheckAt, now);
      if (started.length >= MAX_STARTED_AT_ONCE) continue;
      const waitMs = this.gate.admit(hostOf(member.record), now);
      started.push(...this.beginUnlessPutOff(member, waitMs, now));
    }
    this.dispatch(started);
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
          const { details, responseTimeMs } = report.outcome.kind === 'failed' ? report.outcome : NOTHING_SAID;
          const signal = { kind: 'check-failed' as const, error: next.lastError!, details, responseTimeMs };
          return [this.end(member, next, signal)];
        }
        case 'passed': {
          if (report.outcome.kind !== 'passed') return [];
          this.lastPassedAt = now;
          const { status, responseTimeMs, details } = report.outcome;
          const host = hostOf(member.record);
          if (this.gate.notePassed(host, now)) release(members, host, now);
          return [this.end(member, next, { kind: 'check-passed', status, responseTimeMs, details })];
        }
        default:
          return progress satisfies never;
      }
    });
  }

  private beginUnlessPutOff(member: Member, waitMs: number, now: number): Started[] {
    member.putOffUntil = waitMs > 0 ? now + waitMs : 0;
    if (waitMs > 0) return [];
    const { next, orders } = beginCheck(this.nextCheckId++, planCheck(member.record), now);
    member.check = next;
    return orders.map((order) => start(member.record, order));
  }

  private retry(member: Member, check: Check, now: number): Started[] {
    const { next, orders } = startDueRetries(check, now);
    member.check = next;
    for (const { attempt } of orders) this.gate.charge(hostOf(member.record), attempt, now);
    return orders.map((order) => start(member.record, order));
  }

  private end(member: Member, check: Check, signal: HealthSignal): MemberSignal {
    member.check = null;
    return { member, signal, ended: check };
  }

  /** Ends without a verdict the checks of which nothing can be believed; all are made anew at once. */
  abandon(members: Iterable<Member>, isVoid: (check: Check) => boolean, now: number): MemberSignal[] {
    return Array.from(members).flatMap((member) =>
      member.check && isVoid(member.check) ? [this.giveUp(member, member.check, now)] : [],
    );
  }

  private giveUp(member: Member, check: Check, nextCheckAt: number): MemberSignal {
    member.nextCheckAt = nextCheckAt;
    for (const resolve of member.waiting.splice(0)) resolve(INCONCLUSIVE);
    return this.end(member, { ...check }, { kind: 'doubt-ended' });
  }

  private dispatch(started: readonly Started[]): void {
    for (const doubtful of [false, true]) {
      const targets = started.filter((each) => each.doubtful === doubtful).map((each) => each.target);
      for (let at = 0; at < targets.length; at += MAX_TARGETS_PER_CALL) {
        this.prober.run(targets.slice(at, at + MAX_TARGETS_PER_CALL), this.report).catch((error: unknown) => {
          // Not the components' fault: their checks are given up as lost and repeated.
          console.error(JSON.stringify({ message: 'probe batch failed', error: String(error) }));
        });
      }
    }
  }
}

function start(record: ComponentRecord, order: AttemptOrder): Started {
  const { suspect, consecutiveFailures } = record.health;
  return { target: targetOf(record, order), doubtful: suspect || consecutiveFailures > 0 || order.attempt > 0 };
}

/** The host answers well: who waited for it is tried now. */
function release(members: ReadonlyMap<string, Member>, host: string, now: number): void {
  for (const member of members.values()) {
    if (member.putOffUntil > now && hostOf(member.record) === host) member.putOffUntil = now;
  }
}
