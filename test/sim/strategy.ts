/** Routing strategies under comparison: which server receives a request. */
import type { Server } from './server.ts';

export interface Scene {
  /** Read only by the oracle. */
  readonly servers: readonly Server[];
  /** Declared task limits, by server. */
  readonly taskLimits: readonly number[];
  /** Current number of requests by server, as the registry or the server itself knows it. */
  readonly inFlight: Float64Array;
  /** Average response time by server, as the registry learns it from all reports, ms. */
  readonly ewmaMs: Float64Array;
  /** Work by request, ms at speed 1; read only by `clairvoyant`. */
  readonly works: Float64Array;
  readonly routers: number;
  /** Maximum age of a router's snapshot, ms; 0 if it is always current. */
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
  /** Called when a request has ended: `inFlight` no longer includes it, `ewmaMs` does. */
  ended?(outcome: Outcome, now: number): void;
  /** Called for a snapshot of the router: at the beginning and then every `ageMs`; never if that is 0. */
  refresh?(router: number, now: number): void;
}

export type MakeStrategy = (scene: Scene) => Strategy;
