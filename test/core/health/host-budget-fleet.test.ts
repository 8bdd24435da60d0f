/** Effect of a host budget on many components of the host, checked like a registry does it. */
import { describe, expect, it } from 'vitest';
import { registrationOf } from '../component/registration-of.ts';
import { DEFAULT_CONFIG } from '../../../src/core/config/system-config.ts';
import type { HostBudget } from '../../../src/core/health/host-budget.ts';
import { admitCheck, newHost, recordPassedCheck } from '../../../src/core/health/host-budget.ts';
import { detectionFor, nextRoundAt } from '../../../src/core/health/check-schedule.ts';
import { hashOf } from '../../../src/core/hash.ts';

const STEP_MS = 10;

interface Checked {
  readonly idHash: number;
  dueAt: number;
  delayedUntil: number;
  readonly beganAt: number[];
  latestMs: number;
}

/** Checks `size` components on one host for `forMs`; `passes` is the result of every check. */
function checkComponents(size: number, { passes, forMs }: { passes: boolean; forMs: number }): Checked[] {
  const intervalMs = detectionFor(registrationOf(), DEFAULT_CONFIG, size).intervalMs!;
  const place = (idHash: number) => ({ phaseMs: 1_234, idHash, checkedInType: size });
  const components = Array.from({ length: size }, (_, index): Checked => {
    const idHash = hashOf(`component-${index}`);
    return { idHash, dueAt: nextRoundAt(0, intervalMs, place(idHash)), delayedUntil: 0, beganAt: [], latestMs: 0 };
  });
  let host: HostBudget = passes ? recordPassedCheck(newHost(0), 0) : newHost(0);
  for (let now = 0; now < forMs; now += STEP_MS) {
    // The alarm is set for the earliest check. When it fires, all due checks are tried in order.
    if (!components.some((each) => Math.max(each.dueAt, each.delayedUntil) <= now)) continue;
    const due = components.filter((each) => each.dueAt <= now);
    for (const each of due.toSorted((a, b) => a.dueAt - b.dueAt)) {
      const { next, delayMs } = admitCheck(host, now);
      host = delayMs === 0 && passes ? recordPassedCheck(next, now) : next;
      each.delayedUntil = now + delayMs;
      if (delayMs > 0) continue;
      each.latestMs = Math.max(each.latestMs, now - each.dueAt);
      each.beganAt.push(now);
      each.dueAt = nextRoundAt(now, intervalMs, place(each.idHash));
    }
  }
  return components;
}

const mostBetween = ({ beganAt }: Checked): number =>
  Math.max(...beganAt.map((at, index) => at - (beganAt[index - 1] ?? 0)));

describe('components on one healthy host', () => {
  it.each([1, 48, 100, 400, 1_000])('are checked on time: %i components', (size) => {
    const components = checkComponents(size, { passes: true, forMs: 60_000 });
    expect(Math.max(...components.map((each) => each.latestMs))).toBeLessThan(STEP_MS * 2);
  });
});

describe('components on one dead host', () => {
  it.each([40, 60, 400])('are checked in rotation, each one repeatedly: %i components', (size) => {
    const components = checkComponents(size, { passes: false, forMs: 200_000 });
    // Ten checks a second, and at most a second until the next try.
    const rotationMs = Math.max(4_000, size * 100) + 1_000;
    expect(Math.max(...components.map(mostBetween))).toBeLessThanOrEqual(rotationMs + 4_000);
    expect(Math.min(...components.map(({ beganAt }) => beganAt.length))).toBeGreaterThanOrEqual(
      Math.floor(200_000 / (rotationMs + 4_000)),
    );
  });
});
