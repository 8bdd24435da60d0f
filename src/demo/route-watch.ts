/**
 * Asks for a route every 50 ms and remembers when one component was chosen: whether it is out of
 * routing is measured on what callers are really told.
 */
import type { CoordinatorClient } from '../client/coordinator-client.ts';
import { DEMO_CAPABILITY } from './fleet-plan.ts';

const EVERY_MS = 50;

export class RouteWatch {
  /** When answers that chose the component arrived, epoch ms. */
  readonly #chosenAt: number[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(client: CoordinatorClient, componentId: string, requestType: string) {
    const ask = async (): Promise<void> => {
      try {
        const preferences = { capabilities: [DEMO_CAPABILITY], strict: true };
        const { component } = await client.route({ requestType, preferences });
        if (component.id === componentId) this.#chosenAt.push(Date.now());
      } catch {
        // No answer chooses nobody; the task flow counts what that costs.
      }
    };
    this.#timer = setInterval(() => void ask(), EVERY_MS);
  }

  /** The last time it was chosen in [`from`, `until`), epoch ms; `from` when it was not. */
  lastChosen(from: number, until = Infinity): number {
    return this.#chosenAt.findLast((at) => at >= from && at < until) ?? from;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
