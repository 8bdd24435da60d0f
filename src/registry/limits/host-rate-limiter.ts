/**
 * Rate limiter for checks and control calls, by host. A check that finds no token is postponed, and no later check
 * overtakes it: until the host's next token is due, the host admits no other check.
 * In memory only: after an eviction every host starts as unknown, with the smaller budget.
 */
import type { HostBudget } from '../../core/health/host-budget.ts';
import {
  MAX_DELAY_MS,
  admitCheck,
  chargeRetry,
  isForgotten,
  isGood,
  newHost,
  recordPassedCheck,
} from '../../core/health/host-budget.ts';

interface Host {
  budget: HostBudget;
  /** Epoch ms until which a postponed check waits for the host's next token; 0 without such a check. */
  queueUntil: number;
}

const CLEAN_UP_EVERY_MS = 60_000;

export class HostRateLimiter {
  private readonly hosts = new Map<string, Host>();
  private cleanedUpAt = 0;

  /**
   * Consumes a token for a check. Returns 0, or the ms to wait when there is no token or postponed checks wait for the
   * next one. The caller admits the longest overdue check first.
   */
  admit(name: string, now: number): number {
    const host = this.host(name, now);
    const queuedMs = host.queueUntil - now;
    // A wait longer than any postponement means that the clock went back.
    if (queuedMs > 0 && queuedMs <= MAX_DELAY_MS) return queuedMs;
    const waitMs = consumeToken(host, now);
    host.queueUntil = waitMs > 0 ? now + waitMs : 0;
    return waitMs;
  }

  /** Consumes a token for a call that may relieve the host, so it queues behind no check. False without a token. */
  admitUnqueued(name: string, now: number): boolean {
    return consumeToken(this.host(name, now), now) === 0;
  }

  /** Counts a retry, which is never refused. `retry` counts from 1. */
  chargeRetry(name: string, retry: number, now: number): void {
    const host = this.host(name, now);
    host.budget = chargeRetry(host.budget, retry, now);
  }

  /** Counts a passed check. True when it makes the host good: its postponed checks need not wait any longer. */
  notePassed(name: string, now: number): boolean {
    const host = this.host(name, now);
    const becomesGood = !isGood(host.budget, now);
    host.budget = recordPassedCheck(host.budget, now);
    if (becomesGood) host.queueUntil = 0;
    return becomesGood;
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

function consumeToken(host: Host, now: number): number {
  const { next, delayMs } = admitCheck(host.budget, now);
  host.budget = next;
  return delayMs;
}
