/**
 * What is simulated: the fleet and the traffic of a seed, drawn once and met by every strategy alike.
 * Fixed before the strategies were tuned; `docs/routing-simulation.md` says why it is as it is.
 */
import { randomFrom } from '../../src/core/random.ts';
import { exponential, lognormal } from './distributions.ts';
import type { Server, Slowdown } from './server.ts';
import { newServer } from './server.ts';

const SERVERS = 100;
/** Requests served at once. */
const SLOTS = [2, 4, 8];
/** Between half and twice as fast, evenly by ratio. */
const SPEEDS = [0.5, 2] as const;
/** Work of a request, ms at speed 1: lognormal, its deviation as large as its mean. */
export const MEAN_WORK_MS = 100;
const WORK_SPREAD = Math.sqrt(Math.log(2));
/** Of the time, a server is slow for 3 %. */
const SLOW_FACTOR = 5;
const SLOW_MS = [2_000, 8_000] as const;
const BETWEEN_SLOW_MS = 160_000;
/** A component declares more than it works on at once: what it takes in before it turns work away. */
const ROOM_PER_SLOT = 8;

export interface Plant {
  readonly servers: readonly Server[];
  /** Most tasks at once, as they declare it. */
  readonly rooms: readonly number[];
}

export interface Traffic {
  /** When each request comes, ms. */
  readonly times: Float64Array;
  /** What each asks for, ms at speed 1. */
  readonly works: Float64Array;
  /** Which router it comes to, as a part of all routers, 0 to 1. */
  readonly doors: Float64Array;
}

const STREAMS = ['plant', 'gaps', 'sizes', 'doors', 'strategy'] as const;

/** Random numbers of a seed, apart for each thing drawn by them: what one strategy draws changes nothing for another. */
export const streamOf = (seed: number, of: (typeof STREAMS)[number]): (() => number) =>
  randomFrom(seed * STREAMS.length + STREAMS.indexOf(of));

/** Servers as they are before the first request. */
export function drawPlant(seed: number, untilMs: number): Plant {
  const random = streamOf(seed, 'plant');
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
  return { servers, rooms: servers.map(({ slots }) => slots * ROOM_PER_SLOT) };
}

/** Requests per ms that the plant serves when every slot is busy and nobody slow. */
export const capacityOf = ({ servers }: Plant): number =>
  servers.reduce((sum, { slots, speed }) => sum + slots * speed, 0) / MEAN_WORK_MS;

/** The router of a request where all are equally busy. */
export const evenDoor = (door: number, routers: number): number => Math.floor(door * routers);

/** The router of a request where the second is half as busy as the first, the third a third, and so on (Zipf). */
export function unevenDoor(door: number, routers: number): number {
  const total = Array.from({ length: routers }, (_, router) => 1 / (router + 1)).reduce((sum, part) => sum + part, 0);
  let rest = door * total;
  for (let router = 0; router < routers; router++) if ((rest -= 1 / (router + 1)) < 0) return router;
  return routers - 1;
}

/** Poisson arrivals at that rate (per ms). */
export function drawTraffic(seed: number, rate: number, count: number): Traffic {
  const gaps = streamOf(seed, 'gaps');
  const sizes = streamOf(seed, 'sizes');
  let time = 0;
  return {
    times: Float64Array.from({ length: count }, () => (time += exponential(gaps, 1 / rate))),
    works: Float64Array.from({ length: count }, () => lognormal(sizes, MEAN_WORK_MS, WORK_SPREAD)),
    doors: Float64Array.from({ length: count }, streamOf(seed, 'doors')),
  };
}
