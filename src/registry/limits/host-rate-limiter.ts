/**
 * Keeps what is asked of each host within its budget. Whoever finds the budget spent waits, and nobody
 * overtakes those who wait: a round admits the longest due first, and between rounds a host with a queue
 * admits nobody.
 *
 * In memory only: after an eviction a host begins as one never asked before, with the smaller budget.
 */
import type { HostBudget } from '../../core/health/host-budget.ts';
import {
  MAX_POSTPONED_MS,
  admitCheck,
  chargeRetry,
  isForgotten,
  isGood,
  newHost,
  notePassed,
} from '../../core/health/host-budget.ts';

interface Host {
  budget: HostBudget;
  /** Somebody waits for its next token until then, epoch ms. */
  queueUntil: number;
}

const CLEAN_UP_EVERY_MS = 60_000;

export class HostRateLimiter {
  private readonly hosts = new Map<string, Host>();
  private cleanedUpAt = 0;

  /** Takes a token for the next check in turn; answers 0, or the ms to wait when there is none. */
  admitInTurn(name: string, now: number): number {
    const host = this.host(name, now);
    const putOffMs = take(host, now);
    host.queueUntil = putOffMs > 0 ? now + putOffMs : 0;
    return putOffMs;
  }

  /** The same for a check that comes out of turn: behind those who wait already. */
  admit(name: string, now: number): number {
    const waitMs = this.host(name, now).queueUntil - now;
    // Longer than any wait: the clock went back.
    return waitMs > 0 && waitMs <= MAX_POSTPONED_MS ? waitMs : this.admitInTurn(name, now);
  }

  /** Takes a token for a call that may end the crowd, so it waits behind no check; false when there is none. */
  admitFirst(name: string, now: number): boolean {
    return take(this.host(name, now), now) === 0;
  }

  /** Counts an attempt after the first, `retry` from 1; it is never refused. */
  charge(name: string, retry: number, now: number): void {
    const host = this.host(name, now);
    host.budget = chargeRetry(host.budget, retry, now);
  }

  /** Counts a passed check; true when the host was not good before, so that its queue need not wait. */
  notePassed(name: string, now: number): boolean {
    const host = this.host(name, now);
    const turnsGood = !isGood(host.budget, now);
    host.budget = notePassed(host.budget, now);
    if (turnsGood) host.queueUntil = 0;
    return turnsGood;
  }

  private host(name: string, now: number): Host {
    this.cleanUp(now);
    const known = this.hosts.get(name);
    if (known) return known;
    const host = { budget: newHost(now), queueUntil: 0 };
    this.hosts.set(name, host);
    return host;
  }

  private cleanUp(now: number): void {
    if (Math.abs(now - this.cleanedUpAt) < CLEAN_UP_EVERY_MS) return;
    this.cleanedUpAt = now;
    for (const [name, { budget }] of this.hosts) if (isForgotten(budget, now)) this.hosts.delete(name);
  }
}

function take(host: Host, now: number): number {
  const { next, putOffMs } = admitCheck(host.budget, now);
  host.budget = next;
  return putOffMs;
}
