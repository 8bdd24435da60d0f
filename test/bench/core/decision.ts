/** Cost of a decision at the edge, in ns, and its growth with the pool. */
import { countAssignment, countEnded } from '../../../src/core/balancing/open-work.ts';
import type { PickContext } from '../../../src/core/balancing/pick.ts';
import { pickComponent } from '../../../src/core/balancing/pick.ts';
import { randomFrom } from '../../../src/core/random.ts';
import type { Ratio } from '../ratio.ts';
import { ratioOf } from '../ratio.ts';
import { benchCandidates, benchPool, benchRequest } from './bench-fleet.ts';
import { moleculerSelection } from './moleculer-selection.ts';
import { planSelection } from './plan-selection.ts';

/** Many short rounds, so that other load of the machine affects both sides of a pair alike. */
const ROUNDS = 75;
const WARM_UP = 10;
const DECISIONS = 20_000;
/** Number of open assignments: work comes and goes, and no component fills up. */
const ROUND_TRIP = 512;

/** ns per call. */
function timed(times: number, call: () => unknown): number {
  const beganAt = performance.now();
  for (let at = 0; at < times; at++) call();
  return ((performance.now() - beganAt) * 1e6) / times;
}

/** Shared like in an isolate. */
const random = randomFrom(1);

/** Returns a function that makes one decision in a pool of `count`. Work ends `ROUND_TRIP` decisions later. */
function makeDecision(count: number): () => number {
  const { pool, work } = benchPool(count);
  const context: PickContext & { now: number } = { work, now: 0, random, splitAt: 0, mode: 'sampled', aperture: null };
  const assigned = new Int32Array(ROUND_TRIP).fill(-1);
  let slot = 0;
  let decisions = 0;
  return () => {
    // A decision each 10 µs of the simulated clock: estimates decay, and none has vanished.
    const now = ++decisions / 100;
    context.now = now;
    const pick = pickComponent(pool, benchRequest, context);
    if (!pick.ok) throw new Error('a component must be eligible');
    const ended = assigned[slot]!;
    if (ended !== -1) countEnded(pool, work, ended, 1, now);
    assigned[slot] = pick.position;
    slot = (slot + 1) % ROUND_TRIP;
    countAssignment(pool, work, pick.position, now);
    return pick.position;
  };
}

export async function decisionRatios(): Promise<Ratio[]> {
  const [small, middle, large] = [makeDecision(100), makeDecision(1_000), makeDecision(10_000)];
  const candidates = benchCandidates(1_000);
  const moleculer = moleculerSelection(candidates);
  const growth: [number, number][] = [];
  const againstPlan: [number, number][] = [];
  const againstCpu: [number, number][] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const at100 = timed(DECISIONS, small);
    const at10000 = timed(DECISIONS, large);
    const at1000 = timed(DECISIONS, middle);
    const plan = timed(DECISIONS / 500, () => planSelection(candidates, benchRequest));
    const cpu = timed(DECISIONS / 50, moleculer);
    if (round < WARM_UP) continue;
    growth.push([at10000, at100]);
    againstPlan.push([at1000, plan]);
    againstCpu.push([at1000, cpu]);
  }
  return [
    ratioOf('a decision at 10 000 ÷ at 100 candidates', growth, { atMost: 1.3 }, 'ns'),
    ratioOf('a decision at 1 000 ÷ the plan’s filter, score, sort', againstPlan, { atMost: 1 / 300 }, 'ns'),
    ratioOf('a decision at 1 000 ÷ moleculer’s, strategy CpuUsage', againstCpu, { atMost: 1 / 25 }, 'ns'),
  ];
}
