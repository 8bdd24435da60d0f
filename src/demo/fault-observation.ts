/**
 * Outside observations of one broken component: its events, the routing decisions that chose it, and the restarts of
 * its process. Times are those of the observation, so they include the demo's own polling.
 */
import type { ComponentHandle } from './component-handle.ts';
import type { SeenEvent } from './event-watch.ts';
import type { Fault } from './fault.ts';
import type { RouteWatch } from './route-watch.ts';

/** Times in ms since the fault; null for a step that did not happen. */
export interface FaultMeasurement {
  readonly fault: Fault;
  readonly outOfRoutingMs: number | null;
  readonly recoveryStartedMs: number | null;
  readonly restartedMs: number | null;
  readonly provenMs: number | null;
  readonly restarts: number;
}

export class FaultObservation {
  readonly #component: ComponentHandle;
  readonly #routes: RouteWatch;
  readonly #faultAt: number;
  readonly #restartsBefore: number;
  readonly #seen: SeenEvent[] = [];

  /** `faultAt` is epoch ms. */
  constructor(component: ComponentHandle, routes: RouteWatch, faultAt: number) {
    this.#component = component;
    this.#routes = routes;
    this.#faultAt = faultAt;
    this.#restartsBefore = component.restarts;
  }

  record(seen: SeenEvent): void {
    this.#seen.push(seen);
  }

  get wasDetected(): boolean {
    return this.#firstSeen('component.failed') !== null;
  }

  get provenAt(): number | null {
    return this.#firstSeen('recovery.succeeded');
  }

  get restartedAt(): number | null {
    return this.#restarts > 0 ? this.#component.spawnedAt : null;
  }

  /** The last time routing chose the component while it was broken, epoch ms; the time of the fault if never. */
  get lastChosenAt(): number {
    const { restartedAt } = this;
    const healthyAgain = this.#seen.find(
      ({ event, seenAt }) => event.type === 'component.recovered' && restartedAt !== null && seenAt >= restartedAt,
    );
    // After its recovery, choosing the component is correct. Uses the event's own time: `seenAt` is later.
    return this.#routes.lastChosen(this.#faultAt, healthyAgain ? Date.parse(healthyAgain.event.time) : Infinity);
  }

  measure(fault: Fault): FaultMeasurement {
    const since = (at: number | null): number | null => (at === null ? null : at - this.#faultAt);
    return {
      fault,
      outOfRoutingMs: this.wasDetected ? since(this.lastChosenAt) : null,
      recoveryStartedMs: since(this.#firstSeen('recovery.started')),
      restartedMs: since(this.restartedAt),
      provenMs: since(this.provenAt),
      restarts: this.#restarts,
    };
  }

  get #restarts(): number {
    return this.#component.restarts - this.#restartsBefore;
  }

  #firstSeen(type: SeenEvent['event']['type']): number | null {
    return this.#seen.find(({ event }) => event.type === type)?.seenAt ?? null;
  }
}
