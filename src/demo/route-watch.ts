/**
 * Requests a route every 50 ms and records when the decision chose one component. So "out of routing" is measured from
 * a caller's view.
 */
import type { CoordinatorClient } from '../client/coordinator-client.ts';
import { DEMO_CAPABILITY } from './fleet-plan.ts';

const EVERY_MS = 50;

export class RouteWatch {
  /** Arrival times of decisions that chose the component, epoch ms. */
  readonly #chosenAt: number[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(client: CoordinatorClient, componentId: string, requestType: string) {
    const requestRoute = async (): Promise<void> => {
      try {
        const preferences = { capabilities: [DEMO_CAPABILITY], strict: true };
        const { component } = await client.route({ requestType, preferences });
        if (component.id === componentId) this.#chosenAt.push(Date.now());
      } catch {
        // A failed request chose no component. `TaskFlow` counts the tasks that such failures cost.
      }
    };
    this.#timer = setInterval(() => void requestRoute(), EVERY_MS);
  }

  /** The last time in [`from`, `until`) that routing chose the component, epoch ms; `from` if never. */
  lastChosen(from: number, until = Infinity): number {
    return this.#chosenAt.findLast((at) => at >= from && at < until) ?? from;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
