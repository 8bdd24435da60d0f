import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../src/core/random.ts';
import { exponential } from './distributions.ts';
import type { Plant, Traffic } from './model.ts';
import { MEAN_WORK_MS, capacityOf, drawPlant, drawTraffic, evenDoor } from './model.ts';
import { newServer } from './server.ts';
import { simulate } from './simulate.ts';
import { figuresOf } from './statistics.ts';
import { clairvoyant, oracle } from './strategies/oracle.ts';
import { edge } from './strategies/production.ts';
import { random } from './strategies/random.ts';

const UNTIL_MS = 600_000;
const SETTING = { routers: 8, doorOf: evenDoor, ageMs: 1_000, seed: 1, warmUp: 5_000 };

const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean time in a station of so many servers, Poisson arrivals, exponential work of mean 1 (Erlang). */
function erlang(servers: number, rate: number): number {
  let blocked = 1;
  for (let count = 1; count <= servers; count++) blocked = (rate * blocked) / (count + rate * blocked);
  const waits = blocked / (1 - (rate / servers) * (1 - blocked));
  return 1 + waits / (servers - rate);
}

describe('the simulation of one station', () => {
  it.each([
    [1, 0.5],
    [1, 0.8],
    [4, 3.2],
  ])('has the mean time of a queue with %i servers at %f Erlang', (slots, rate) => {
    const traffic = drawTraffic(3, rate / MEAN_WORK_MS, 400_000);
    const sizes = randomFrom(99);
    const works = traffic.works.map(() => exponential(sizes, MEAN_WORK_MS));
    const plant: Plant = { servers: [newServer(slots, 1, [], 5)], rooms: [slots] };
    const { latencies } = simulate(() => ({ pick: () => 0 }), plant, { ...traffic, works }, SETTING);
    expect(meanOf(latencies) / MEAN_WORK_MS / erlang(slots, rate)).toBeCloseTo(1, 1);
  });

  it('has the mean time of Pollaczek and Khinchine for the work that is drawn', () => {
    const plant: Plant = { servers: [newServer(1, 1, [], 5)], rooms: [1] };
    const traffic = drawTraffic(4, 0.7 / MEAN_WORK_MS, 400_000);
    const { latencies } = simulate(() => ({ pick: () => 0 }), plant, traffic, SETTING);
    // Its deviation is its mean, so that it waits as long as exponential work.
    expect(meanOf(latencies) / MEAN_WORK_MS / erlang(1, 0.7)).toBeCloseTo(1, 1);
  });
});

const trafficAt = (seed: number, load: number, count = 30_000): Traffic =>
  drawTraffic(seed, load * capacityOf(drawPlant(seed, UNTIL_MS)), count);

describe('the oracle', () => {
  it.each([1, 2, 3])('is better than chance, and better still when it knows the work: seed %i', (seed) => {
    for (const load of [0.3, 0.7, 0.9]) {
      const traffic = trafficAt(seed, load);
      const [known, guessed, drawn] = [clairvoyant, oracle, random].map((make) =>
        figuresOf(simulate(make, drawPlant(seed, UNTIL_MS), traffic, { ...SETTING, seed })),
      );
      for (const figure of ['p50', 'p99', 'p999'] as const) {
        expect(known![figure]).toBeLessThan(guessed![figure]);
        expect(guessed![figure]).toBeLessThan(drawn![figure]);
      }
    }
  });
});

describe('a run', () => {
  it('is the same for the same seed', () => {
    const traffic = trafficAt(1, 0.7, 20_000);
    const [one, other] = [1, 2].map(() => simulate(edge('least-time'), drawPlant(1, UNTIL_MS), traffic, SETTING));
    expect(one!.latencies).toEqual(other!.latencies);
  });
});
