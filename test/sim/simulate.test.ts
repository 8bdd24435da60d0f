import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../src/core/random.ts';
import { exponential } from './distributions.ts';
import type { Cluster, Traffic } from './model.ts';
import { MEAN_WORK_MS, capacityOf, drawCluster, drawTraffic, evenRouter } from './model.ts';
import { newServer } from './server.ts';
import { simulate } from './simulate.ts';
import { figuresOf } from './statistics.ts';
import { clairvoyant, oracle } from './strategies/oracle.ts';
import { edge } from './strategies/production.ts';
import { random } from './strategies/random.ts';

const UNTIL_MS = 600_000;
const SETTING = { routers: 8, routerFor: evenRouter, ageMs: 1_000, seed: 1, warmUp: 5_000 };

const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean time in an M/M/c queue with work of mean 1 (Erlang C). */
function erlang(servers: number, rate: number): number {
  let blocked = 1;
  for (let count = 1; count <= servers; count++) blocked = (rate * blocked) / (count + rate * blocked);
  const waits = blocked / (1 - (rate / servers) * (1 - blocked));
  return 1 + waits / (servers - rate);
}

describe('the simulation of one server', () => {
  it.each([
    [1, 0.5],
    [1, 0.8],
    [4, 3.2],
  ])('has the mean time of a queue with %i servers at %f Erlang', (slots, rate) => {
    const traffic = drawTraffic(3, rate / MEAN_WORK_MS, 400_000);
    const sizes = randomFrom(99);
    const works = traffic.works.map(() => exponential(sizes, MEAN_WORK_MS));
    const cluster: Cluster = { servers: [newServer(slots, 1, [], 5)], taskLimits: [slots] };
    const { latencies } = simulate(() => ({ pick: () => 0 }), cluster, { ...traffic, works }, SETTING);
    expect(meanOf(latencies) / MEAN_WORK_MS / erlang(slots, rate)).toBeCloseTo(1, 1);
  });

  it('has the mean time of Pollaczek and Khinchine for the drawn work', () => {
    const cluster: Cluster = { servers: [newServer(1, 1, [], 5)], taskLimits: [1] };
    const traffic = drawTraffic(4, 0.7 / MEAN_WORK_MS, 400_000);
    const { latencies } = simulate(() => ({ pick: () => 0 }), cluster, traffic, SETTING);
    // The standard deviation equals the mean, so the waiting time equals that of exponential work.
    expect(meanOf(latencies) / MEAN_WORK_MS / erlang(1, 0.7)).toBeCloseTo(1, 1);
  });
});

const trafficAt = (seed: number, load: number, count = 30_000): Traffic =>
  drawTraffic(seed, load * capacityOf(drawCluster(seed, UNTIL_MS)), count);

describe('the oracle', () => {
  it.each([1, 2, 3])('is better than random, and best if it knows the work: seed %i', (seed) => {
    for (const load of [0.3, 0.7, 0.9]) {
      const traffic = trafficAt(seed, load);
      const [known, guessed, drawn] = [clairvoyant, oracle, random].map((make) =>
        figuresOf(simulate(make, drawCluster(seed, UNTIL_MS), traffic, { ...SETTING, seed })),
      );
      for (const figure of ['p50', 'p99', 'p999'] as const) {
        expect(known![figure]).toBeLessThan(guessed![figure]);
        expect(guessed![figure]).toBeLessThan(drawn![figure]);
      }
    }
  });
});

describe('a run', () => {
  it('is reproducible for a seed', () => {
    const traffic = trafficAt(1, 0.7, 20_000);
    const [one, other] = [1, 2].map(() => simulate(edge('least-time'), drawCluster(1, UNTIL_MS), traffic, SETTING));
    expect(one!.latencies).toEqual(other!.latencies);
  });
});
