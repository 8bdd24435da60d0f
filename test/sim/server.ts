/**
 * A server: so many slots that work at its speed, and a queue behind them, first in, first out.
 *
 * All slots go at the same speed, and when it changes is drawn beforehand. So everything is counted in work done by
 * one slot since the beginning (ms at speed 1): in that measure it is known on arrival when a request will be
 * done, and the clock's time of it follows from the speeds.
 */
export interface Server {
  readonly slots: number;
  /** Its usual speed. */
  readonly speed: number;
  /** From each of these times (ms, ascending, the first 0) a slot goes at the speed beside it. */
  readonly since: readonly number[];
  readonly speeds: readonly number[];
  /** Work that a slot has done by each of these times. */
  readonly done: readonly number[];
  /** Which of them is now. */
  now: number;
  /** By slot: the work done when it will be free. */
  readonly freeAt: Float64Array;
}

export interface Slowdown {
  readonly from: number;
  readonly to: number;
}

/** `slowdowns` are apart and in order. */
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

/** Puts a request in and answers when it will have been served, ms. Calls come in the order of time. */
export function serve(server: Server, now: number, work: number): number {
  const end = endOf(server, now, work);
  server.freeAt[firstFree(server)] = end;
  return timeOf(server, end);
}

/** How long a request would take if the speed stayed as it is, ms. */
export const expectedMs = (server: Server, now: number, work: number): number =>
  (endOf(server, now, work) - doneBy(server, now)) / speedAt(server, now);

export function speedAt(server: Server, now: number): number {
  advance(server, now);
  return server.speeds[server.now]!;
}

/** The work done when this request will be. */
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
