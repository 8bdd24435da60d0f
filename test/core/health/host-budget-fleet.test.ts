/** What the budget of one host means for a whole fleet behind it, checked as registries check. */
import { describe, expect, it } from 'vitest';
import { registrationOf } from '../component/registration-of.ts';
import { DEFAULT_CONFIG } from '../../../src/core/config/system-config.ts';
import type { HostBudget } from '../../../src/core/health/host-budget.ts';
import { admitCheck, newHost, recordPassedCheck } from '../../../src/core/health/host-budget.ts';
import { detectionFor, nextRoundAt } from '../../../src/core/health/schedule.ts';
import { hashOf } from '../../../src/core/hash.ts';

const STEP_MS = 10;

interface Checked {
  readonly ordinal: number;
  dueAt: number;
  putOffUntil: number;
  readonly beganAt: number[];
  latestMs: number;
}

/** Runs a fleet on one host for so long; `passes` says how its checks end. */
function runFleet(size: number, { passes, forMs }: { passes: boolean; forMs: number }): Checked[] {
  const intervalMs = detectionFor(registrationOf(), DEFAULT_CONFIG, size).intervalMs!;
  const place = (ordinal: number) => ({ phaseMs: 1_234, ordinal, checkedInType: size });
  const fleet = Array.from({ length: size }, (_, index): Checked => {
    const ordinal = hashOf(`component-${index}`);
    return { ordinal, dueAt: nextRoundAt(0, intervalMs, place(ordinal)), putOffUntil: 0, beganAt: [], latestMs: 0 };
  });
  let host: HostBudget = passes ? recordPassedCheck(newHost(0), 0) : newHost(0);
  for (let now = 0; now < forMs; now += STEP_MS) {
    // An alarm is for the next one in time; when it goes off, all that are due are tried in turn.
    if (!fleet.some((each) => Math.max(each.dueAt, each.putOffUntil) <= now)) continue;
    const due = fleet.filter((each) => each.dueAt <= now);
    for (const each of due.toSorted((a, b) => a.dueAt - b.dueAt)) {
      const { next, delayMs: putOffMs } = admitCheck(host, now);
      host = putOffMs === 0 && passes ? recordPassedCheck(next, now) : next;
      each.putOffUntil = now + putOffMs;
      if (putOffMs > 0) continue;
      each.latestMs = Math.max(each.latestMs, now - each.dueAt);
      each.beganAt.push(now);
      each.dueAt = nextRoundAt(now, intervalMs, place(each.ordinal));
    }
  }
  return fleet;
}

const mostBetween = ({ beganAt }: Checked): number =>
  Math.max(...beganAt.map((at, index) => at - (beganAt[index - 1] ?? 0)));

describe('a fleet on one healthy host', () => {
  it.each([1, 48, 100, 400, 1_000])('is checked on time: %i components', (size) => {
    const fleet = runFleet(size, { passes: true, forMs: 60_000 });
    expect(Math.max(...fleet.map((each) => each.latestMs))).toBeLessThan(STEP_MS * 2);
  });
});

describe('a fleet on one dead host', () => {
  it.each([40, 60, 400])('is checked in turn, each one again and again: %i components', (size) => {
    const fleet = runFleet(size, { passes: false, forMs: 200_000 });
    // Ten a second, and a second at most until the next try.
    const turnMs = Math.max(4_000, size * 100) + 1_000;
    expect(Math.max(...fleet.map(mostBetween))).toBeLessThanOrEqual(turnMs + 4_000);
    expect(Math.min(...fleet.map(({ beganAt }) => beganAt.length))).toBeGreaterThanOrEqual(
      Math.floor(200_000 / (turnMs + 4_000)),
    );
  });
});
