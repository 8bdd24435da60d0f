/**
 * Simulated cluster and traffic of a seed, drawn once and equal for every strategy. Fixed before the strategies were
 * tuned; `docs/reference/routing-simulation.md` gives the reasons for the numbers.
 */
import { randomFrom } from '../../src/core/random.ts';
import { exponential, lognormal } from './distributions.ts';
import type { Server, Slowdown } from './server.ts';
import { newServer } from './server.ts';

const SERVERS = 100;
/** Requests served at once. */
const SLOTS = [2, 4, 8];
/** From half to twice the speed, log-uniform. */
const SPEEDS = [0.5, 2] as const;
/** Mean work of a request, ms at speed 1: lognormal, with a standard deviation equal to the mean. */
export const MEAN_WORK_MS = 100;
const WORK_SPREAD = Math.sqrt(Math.log(2));
/** A server is slow for 3 % of the time. */
const SLOW_FACTOR = 5;
const SLOW_MS = [2_000, 8_000] as const;
const BETWEEN_SLOW_MS = 160_000;
/** A component declares more tasks than it works on at once: those that it accepts before it refuses work. */
const TASKS_PER_SLOT = 8;

export interface Cluster {
  readonly servers: readonly Server[];
  /** Declared task limits, by server. */
  readonly taskLimits: readonly number[];
}

export interface Traffic {
  /** Arrival times, ms. */
  readonly times: Float64Array;
  /** Work by request, ms at speed 1. */
  readonly works: Float64Array;
  /** Origin by request, 0 to 1; determines the router. */
  readonly origins: Float64Array;
}

const STREAMS = ['cluster', 'gaps', 'sizes', 'origins', 'strategy'] as const;

/** Random numbers of a seed, one stream per purpose, so that a strategy's draws affect no other numbers. */
export const streamOf = (seed: number, of: (typeof STREAMS)[number]): (() => number) =>
  randomFrom(seed * STREAMS.length + STREAMS.indexOf(of));

/** Servers in their state before the first request. */
export function drawCluster(seed: number, untilMs: number): Cluster {
  const random = streamOf(seed, 'cluster');
  const between = ([least, most]: readonly [number, number]): number => least + (most - least) * random();
  const servers = Array.from({ length: SERVERS }, () => {
    const slots = SLOTS[Math.floor(random() * SLOTS.length)]!;
    const speed = SPEEDS[0] * (SPEEDS[1] / SPEEDS[0]) ** random();
    const slowdowns: Slowdown[] = [];
    for (let from = exponential(random, BETWEEN_SLOW_MS); from < untilMs;) {
      const to = from + between(SLOW_MS);
      slowdowns.push({ from, to });
      from = to + exponential(random, BETWEEN_SLOW_MS);
    }
    return newServer(slots, speed, slowdowns, SLOW_FACTOR);
  });
  return { servers, taskLimits: servers.map(({ slots }) => slots * TASKS_PER_SLOT) };
}

/** Requests per ms that the cluster serves with every slot busy and no server slow. */
export const capacityOf = ({ servers }: Cluster): number =>
  servers.reduce((sum, { slots, speed }) => sum + slots * speed, 0) / MEAN_WORK_MS;

/** Router of a request if all routers are equally busy. */
export const evenRouter = (origin: number, routers: number): number => Math.floor(origin * routers);

/** Router of a request if the second receives half the requests of the first, the third a third, and so on (Zipf). */
export function unevenRouter(origin: number, routers: number): number {
  const total = Array.from({ length: routers }, (_, router) => 1 / (router + 1)).reduce((sum, part) => sum + part, 0);
  let rest = origin * total;
  for (let router = 0; router < routers; router++) if ((rest -= 1 / (router + 1)) < 0) return router;
  return routers - 1;
}

/** Poisson arrivals at `rate` per ms. */
export function drawTraffic(seed: number, rate: number, count: number): Traffic {
  const gaps = streamOf(seed, 'gaps');
  const sizes = streamOf(seed, 'sizes');
  let time = 0;
  return {
    times: Float64Array.from({ length: count }, () => (time += exponential(gaps, 1 / rate))),
    works: Float64Array.from({ length: count }, () => lognormal(sizes, MEAN_WORK_MS, WORK_SPREAD)),
    origins: Float64Array.from({ length: count }, streamOf(seed, 'origins')),
  };
}
