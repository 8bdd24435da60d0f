/** One run of a strategy on a cluster and its traffic. */
import { ewmaAfter } from '../../src/core/component/typical-time.ts';
import { emptyQueue, nextTime, pop, push } from './event-queue.ts';
import type { Cluster, Traffic } from './model.ts';
import { MEAN_WORK_MS, streamOf } from './model.ts';
import { serve } from './server.ts';
import type { MakeStrategy, Scene } from './strategy.ts';

export interface Setting {
  readonly routers: number;
  /** Returns the router of a request. */
  readonly routerFor: (origin: number, routers: number) => number;
  /** Maximum age of a router's snapshot, ms. */
  readonly ageMs: number;
  readonly seed: number;
  /** Number of requests at the beginning that are not measured. */
  readonly warmUp: number;
}

export interface Run {
  /** By measured request, ms. */
  readonly latencies: Float64Array;
  /** Measured work assigned to each server, per slot at normal speed. */
  readonly loads: Float64Array;
}

/** Modifies the cluster: its servers keep the work of the run. */
export function simulate(make: MakeStrategy, cluster: Cluster, traffic: Traffic, setting: Setting): Run {
  const { servers, taskLimits } = cluster;
  const { times, works, origins } = traffic;
  const { routers, routerFor, ageMs, warmUp } = setting;
  const random = streamOf(setting.seed, 'strategy');
  const inFlight = new Float64Array(servers.length);
  const ewmaMs = new Float64Array(servers.length).fill(MEAN_WORK_MS);
  const learnedAt = new Float64Array(servers.length);
  const scene: Scene = { servers, taskLimits, inFlight, ewmaMs, works, routers, ageMs, random };
  const strategy = make(scene);
  const latencies = new Float64Array(times.length - warmUp);
  const loads = new Float64Array(servers.length);
  const serverOf = new Int32Array(times.length);
  const queue = emptyQueue();
  const routerOf = Int32Array.from(origins, (origin) => routerFor(origin, routers));

  const end = (request: number, now: number): void => {
    const server = serverOf[request]!;
    const latencyMs = now - times[request]!;
    inFlight[server]! -= 1;
    ewmaMs[server] = ewmaAfter(ewmaMs[server]!, latencyMs, now - learnedAt[server]!);
    learnedAt[server] = now;
    strategy.ended?.({ router: routerOf[request]!, server, request, latencyMs }, now);
  };
  /** Event numbers from 0 are ends of requests, negative ones are snapshot refreshes of routers. */
  const handleEvent = (): void => {
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
    while (nextTime(queue) <= now) handleEvent();
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
