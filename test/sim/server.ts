/**
 * Simulated server: slots that work at its speed, with a FIFO queue.
 *
 * All slots have the same speed, and its changes are drawn beforehand. Progress is measured as the work done by one
 * busy slot since the beginning, ms at speed 1. In this measure, the end of a request is known on arrival, and its
 * clock time follows from the speeds.
 */
export interface Server {
  readonly slots: number;
  /** Normal speed. */
  readonly speed: number;
  /** Times of speed changes, ms, ascending, the first 0; `speeds` has the speed from each on. */
  readonly since: readonly number[];
  readonly speeds: readonly number[];
  /** Work done by a slot at each of these times. */
  readonly done: readonly number[];
  /** Index of the current one of these times. */
  now: number;
  /** Work done when the slot becomes free, by slot. */
  readonly freeAt: Float64Array;
}

export interface Slowdown {
  readonly from: number;
  readonly to: number;
}

/** `slowdowns` must be disjoint and in order. */
export function newServer(slots: number, speed: number, slowdowns: readonly Slowdown[], factor: number): Server {
  const since = [0];
  const speeds = [speed];
  for (const { from, to } of slowdowns) {
    since.push(from, to);
    speeds.push(speed / factor, speed);
  }
  const done = [0];
  for (let at = 1; at < since.length; at++) done.push(done[at - 1]! + (since[at]! - since[at - 1]!) * speeds[at - 1]!);
  return { slots, speed, since, speeds, done, now: 0, freeAt: new Float64Array(slots) };
}

/** Adds a request and returns its end, ms. Calls must be in the order of time. */
export function serve(server: Server, now: number, work: number): number {
  const end = endOf(server, now, work);
  server.freeAt[firstFree(server)] = end;
  return timeOf(server, end);
}

/** Duration of a request at the current speed, ms. */
export const expectedMs = (server: Server, now: number, work: number): number =>
  (endOf(server, now, work) - doneBy(server, now)) / speedAt(server, now);

export function speedAt(server: Server, now: number): number {
  advance(server, now);
  return server.speeds[server.now]!;
}

/** Work done at the end of a new request. */
const endOf = (server: Server, now: number, work: number): number =>
  Math.max(doneBy(server, now), server.freeAt[firstFree(server)]!) + work;

function doneBy(server: Server, now: number): number {
  advance(server, now);
  const { since, speeds, done } = server;
  return done[server.now]! + (now - since[server.now]!) * speeds[server.now]!;
}

function advance(server: Server, now: number): void {
  while (server.since[server.now + 1]! <= now) server.now++;
}

function timeOf({ since, speeds, done, now }: Server, work: number): number {
  let at = now;
  while (done[at + 1]! <= work) at++;
  return since[at]! + (work - done[at]!) / speeds[at]!;
}

function firstFree({ freeAt }: Server): number {
  let first = 0;
  for (let slot = 1; slot < freeAt.length; slot++) if (freeAt[slot]! < freeAt[first]!) first = slot;
  return first;
}
