/** Checks outside the rounds: on demand, before a disruptive action, and of components that may have failed. */
import type { ProbeResult } from '../contract/registry-api.ts';
import type { Member } from '../state/member.ts';

type CheckResult = Omit<ProbeResult, 'health'>;

/** Time since the last check before failed work, or a failed dependant, causes another one, ms. */
const RECHECK_INTERVAL_MS = 1_000;
/** Longest wait for the check before a disruptive action, ms. */
const IN_TIME_MS = 5_000;

export class ChecksOnDemand {
  private readonly start: (members: readonly Member[], now: number) => Promise<void>;

  /** `start` starts checks as soon as their bounds allow, and arms the alarm. */
  constructor(start: (members: readonly Member[], now: number) => Promise<void>) {
    this.start = start;
  }

  /** Checks a component now, or joins its running check. Resolves with the result, which may be inconclusive. */
  async now(member: Member, now: number): Promise<CheckResult> {
    const verdict = new Promise<CheckResult>((resolve) => member.waiters.push(resolve));
    await this.start([member], now);
    return verdict;
  }

  /** The result of a check now; `inconclusive` if the check has to wait for its host. */
  async inTime(member: Member): Promise<ProbeResult['outcome']> {
    const { promise: late, resolve } = Promise.withResolvers<ProbeResult['outcome']>();
    const timer = setTimeout(() => resolve('inconclusive'), IN_TIME_MS);
    const checked = this.now(member, Date.now()).then(({ outcome }) => outcome);
    return Promise.race([checked, late]).finally(() => clearTimeout(timer));
  }

  /** Checks members that may have failed, unless their last check was less than `RECHECK_INTERVAL_MS` ago. */
  unlessRecent(members: readonly Member[], now: number): Promise<void> {
    const due = members.filter(({ record }) => now - (record.health.lastCheckAt ?? 0) >= RECHECK_INTERVAL_MS);
    return this.start(due, now);
  }
}
