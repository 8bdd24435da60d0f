/** Who is to serve a request: what is compared. */
import type { Server } from './server.ts';

export interface Scene {
  /** Only the oracle looks into them. */
  readonly servers: readonly Server[];
  /** Most tasks at once, as they declare it. */
  readonly rooms: readonly number[];
  /** Requests in each server at this moment; who reads it asks the registry, or the server itself. */
  readonly inFlight: Float64Array;
  /** Usual response time of each, as the registry learns it from all that is reported. */
  readonly usualMs: Float64Array;
  /** What each request asks for, ms at speed 1: nobody but the clairvoyant knows. */
  readonly works: Float64Array;
  readonly routers: number;
  /** How old a router's snapshot gets, ms; 0: it always knows how things are. */
  readonly ageMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface Outcome {
  readonly router: number;
  readonly server: number;
  readonly request: number;
  readonly latencyMs: number;
}

export interface Strategy {
  pick(router: number, now: number, request: number): number;
  /** A request that was sent has ended: `inFlight` no longer counts it, `usualMs` does. */
  ended?(outcome: Outcome, now: number): void;
  /** The router gets a snapshot: once at the beginning and then as often as it is `ageMs` old, never when that is 0. */
  refresh?(router: number, now: number): void;
}

export type MakeStrategy = (scene: Scene) => Strategy;
