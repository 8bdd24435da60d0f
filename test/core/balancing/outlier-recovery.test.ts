/**
 * Two equal components lease work that takes 50 ms; one piece takes far longer. Driven like the registry: averages of
 * `core/component/load.ts`, decisions in exact mode, the clock of the test.
 */
import { describe, expect, it } from 'vitest';
import { POLICY_NAMES } from '../../../src/core/balancing/balancing-settings.ts';
import type { PolicyName } from '../../../src/core/balancing/balancing-settings.ts';
import { fadeTimes, patchPool } from '../../../src/core/balancing/candidate-pool.ts';
import { countLeased, decayRecent } from '../../../src/core/balancing/open-work.ts';
import { pickComponent } from '../../../src/core/balancing/pick.ts';
import { hasMoved } from '../../../src/core/balancing/snapshot-delta.ts';
import type { LoadState } from '../../../src/core/component/load.ts';
import { NO_LOAD, applyOutcomes } from '../../../src/core/component/load.ts';
import { NOW, candidateOf, contextOf, poolOf, requestOf } from './candidate-of.ts';

const WORK_MS = 50;
const TICK_MS = 10;
const ASSUMED_TASK_MS = 30_000;

interface Running {
  readonly position: number;
  readonly since: number;
  readonly until: number;
}

interface Flow {
  readonly callers: number;
  readonly policy: PolicyName;
  /** Duration of the one slow piece of work, which `c-0` gets after 5 s. */
  readonly slowMs: number;
}

/** Share of `c-0` in the work begun in each of the seconds after the slow piece of work ended. */
function sharesAfterOutlier({ callers, policy, slowMs }: Flow): (from: number, to: number) => number {
  const pool = poolOf(
    [0, 1].map((at) => candidateOf(`c-${at}`, { maxConcurrentTasks: 20 }, { ewmaMs: WORK_MS })),
    {
      policy,
    },
  );
  const context = contextOf(pool, { mode: 'exact' });
  const loads = [0, 1].map((): LoadState => ({ ...NO_LOAD, workMs: WORK_MS, workMeasuredAt: NOW }));
  const running: Running[] = [];
  const begun: { at: number; position: number }[] = [];
  let endedAt = Infinity;
  let slowBegan = false;
  for (let now = NOW; now < Math.min(endedAt, NOW + 300_000) + 60_000; now += TICK_MS) {
    for (const [index, { position, since, until }] of [...running.entries()].toReversed()) {
      if (until > now) continue;
      running.splice(index, 1);
      context.work.known[position]! -= 1;
      const outcomes = { ended: 0, failed: 0, latencyMs: now - since, timed: 1 };
      loads[position] = applyOutcomes(loads[position]!, outcomes, { assumedTaskMs: ASSUMED_TASK_MS, now });
      const candidate = pool.candidates[position]!;
      const liveStats = { ...candidate.liveStats, ewmaMs: loads[position].workMs };
      if (hasMoved(candidate.liveStats, liveStats, ASSUMED_TASK_MS))
        patchPool(pool, position, { ...candidate, liveStats }, now);
      if (now - since === slowMs) endedAt = now;
    }
    if ((now - NOW) % 1_000 === 0) {
      fadeTimes(pool, now);
      decayRecent(context.work, 0.7);
    }
    while (running.length < callers) {
      const pick = pickComponent(pool, requestOf(), { ...context, now });
      if (!pick.ok) break;
      const isSlow: boolean = !slowBegan && now - NOW >= 5_000 && pick.position === 0;
      slowBegan ||= isSlow;
      running.push({ position: pick.position, since: now, until: now + (isSlow ? slowMs : WORK_MS) });
      countLeased(context.work, pick.position, 1);
      begun.push({ at: now, position: pick.position });
    }
  }
  return (from, to) => {
    const within = begun.filter(({ at }) => at >= endedAt + from * 1_000 && at < endedAt + to * 1_000);
    return within.filter(({ position }) => position === 0).length / within.length;
  };
}

describe('a component with one slow piece of work among quick ones', () => {
  const flows = POLICY_NAMES.flatMap((policy) =>
    [1, 2, 8].flatMap((callers) => [1_000, 10_000, 120_000].map((slowMs) => [policy, callers, slowMs] as const)),
  );

  it.each(flows)('is back at a fair share within 30 s: %s, %i callers, %i ms', (policy, callers, slowMs) => {
    const shareIn = sharesAfterOutlier({ callers, policy, slowMs });
    expect(shareIn(20, 30)).toBeGreaterThanOrEqual(0.25);
    expect(shareIn(30, 60)).toBeGreaterThanOrEqual(0.4);
  });
});
