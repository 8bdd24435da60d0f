/** One run: a strategy meets a plant and its traffic. */
import { ewmaAfter } from '../../src/core/balancing/typical-time.ts';
import { emptyQueue, nextTime, pop, push } from './event-queue.ts';
import type { Plant, Traffic } from './model.ts';
import { MEAN_WORK_MS, streamOf } from './model.ts';
import { serve } from './server.ts';
import type { MakeStrategy, Scene } from './strategy.ts';

export interface Setting {
  readonly routers: number;
  /** Which of them a request comes to. */
  readonly doorOf: (door: number, routers: number) => number;
  /** How old a router's snapshot gets, ms. */
  readonly ageMs: number;
  readonly seed: number;
  /** So many requests at the beginning are not measured. */
  readonly warmUp: number;
}

export interface Run {
  /** Of each measured request, ms. */
  readonly latencies: Float64Array;
  /** By server: measured work given to it, per slot at its usual speed. */
  readonly loads: Float64Array;
}

/** The plant is used up by it: its servers end with the work of this run. */
export function simulate(make: MakeStrategy, plant: Plant, traffic: Traffic, setting: Setting): Run {
  const { servers, rooms } = plant;
  const { times, works, doors } = traffic;
  const { routers, doorOf, ageMs, warmUp } = setting;
  const random = streamOf(setting.seed, 'strategy');
  const inFlight = new Float64Array(servers.length);
  const usualMs = new Float64Array(servers.length).fill(MEAN_WORK_MS);
  const learnedAt = new Float64Array(servers.length);
  const scene: Scene = { servers, rooms, inFlight, usualMs, works, routers, ageMs, random };
  const strategy = make(scene);
  const latencies = new Float64Array(times.length - warmUp);
  const loads = new Float64Array(servers.length);
  const serverOf = new Int32Array(times.length);
  const queue = emptyQueue();
  const routerOf = Int32Array.from(doors, (door) => doorOf(door, routers));

  const end = (request: number, now: number): void => {
    const server = serverOf[request]!;
    const latencyMs = now - times[request]!;
    inFlight[server]! -= 1;
    usualMs[server] = ewmaAfter(usualMs[server]!, latencyMs, now - learnedAt[server]!);
    learnedAt[server] = now;
    strategy.ended?.({ router: routerOf[request]!, server, request, latencyMs }, now);
  };
  /** Events from 0 are ends of requests, those below are refreshes of routers. */
  const happen = (): void => {
    const now = nextTime(queue);
    const event = pop(queue);
    if (event >= 0) return end(event, now);
    strategy.refresh!(-1 - event, now);
    push(queue, now + ageMs, event);
  };

  const refreshed = strategy.refresh && ageMs > 0 ? routers : 0;
  for (let router = 0; router < refreshed; router++) {
    strategy.refresh!(router, 0);
    push(queue, random() * ageMs, -1 - router);
  }
  for (let request = 0; request < times.length; request++) {
    const now = times[request]!;
    while (nextTime(queue) <= now) happen();
    const at = strategy.pick(routerOf[request]!, now, request);
    const server = servers[at]!;
    const until = serve(server, now, works[request]!);
    serverOf[request] = at;
    inFlight[at]! += 1;
    push(queue, until, request);
    if (request < warmUp) continue;
    latencies[request - warmUp] = until - now;
    loads[at]! += works[request]! / (server.slots * server.speed);
  }
  return { latencies, loads };
}
