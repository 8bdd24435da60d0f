/**
 * A steady flow of tasks from a careful caller. Each task requests a route and calls the chosen component. After
 * a failure, the task tries one other component. Both attempts share a budget of two seconds.
 *
 * Counts failures and never reports them: in the demo the coordinator must detect faults by its own health checks.
 */
import type { CoordinatorClient } from '../client/coordinator-client.ts';
import { DEMO_CAPABILITY } from './fleet-plan.ts';
import { withDeadline } from './with-deadline.ts';

const TASK_BUDGET_MS = 2_000;
const FIRST_TRY_MS = 900;

export interface TaskCounts {
  readonly sent: number;
  readonly firstTry: number;
  readonly secondTry: number;
  readonly lost: number;
  readonly attempts: number;
}

interface Attempt {
  readonly taskId: string;
  readonly requestType: string;
  readonly avoid: readonly string[];
  /** Epoch ms. */
  readonly deadline: number;
}

export class TaskFlow {
  readonly counts = { sent: 0, firstTry: 0, secondTry: 0, lost: 0, attempts: 0 } satisfies TaskCounts;
  /** Reasons of the first five lost tasks. */
  readonly losses: string[] = [];
  readonly #client: CoordinatorClient;
  readonly #requestTypes: readonly string[];
  readonly #inFlight = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(client: CoordinatorClient, requestTypes: readonly string[]) {
    this.#client = client;
    this.#requestTypes = requestTypes;
  }

  start(perSecond: number): void {
    this.#timer = setInterval(() => {
      const task = this.#run();
      this.#inFlight.add(task);
      void task.finally(() => this.#inFlight.delete(task));
    }, 1_000 / perSecond);
  }

  /** Stops sending; resolves when every sent task is done or lost. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#inFlight);
  }

  async #run(): Promise<void> {
    const number = this.counts.sent;
    this.counts.sent += 1;
    const requestType = this.#requestTypes[number % this.#requestTypes.length] ?? '';
    const start = Date.now();
    const task = { taskId: `demo-task-${number + 1}`, requestType };

    const first = await this.#attempt({ ...task, avoid: [], deadline: start + FIRST_TRY_MS });
    if (first.ok) {
      this.counts.firstTry += 1;
      return;
    }
    const avoid = first.component === null ? [] : [first.component];
    const second = await this.#attempt({ ...task, avoid, deadline: start + TASK_BUDGET_MS });
    if (second.ok) {
      this.counts.secondTry += 1;
      return;
    }
    this.counts.lost += 1;
    if (this.losses.length < 5) {
      this.losses.push(`${task.taskId} (${requestType}): ${describe(first)}; then ${describe(second)}`);
    }
  }

  async #attempt(attempt: Attempt): Promise<AttemptResult> {
    this.counts.attempts += 1;
    const { taskId, requestType, avoid, deadline } = attempt;
    let component: string | null = null;
    try {
      const decision = await withDeadline(
        deadline,
        this.#client.route({
          requestType,
          payload: { taskId, taskType: requestType },
          preferences: { capabilities: [DEMO_CAPABILITY], avoidComponents: [...avoid], strict: true },
        }),
      );
      component = decision.component.id;
      const response = await fetch(`${decision.component.endpoint}/task`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ taskId }),
        signal: AbortSignal.timeout(Math.max(1, deadline - Date.now())),
      });
      const body = await response.text();
      return { ok: response.ok && body.includes(taskId), component, detail: `HTTP ${response.status}` };
    } catch (error) {
      return { ok: false, component, detail: error instanceof Error ? error.message : String(error) };
    }
  }
}

interface AttemptResult {
  readonly ok: boolean;
  readonly component: string | null;
  readonly detail: string;
}

const describe = ({ component, detail }: AttemptResult): string => `${component ?? 'routing'}: ${detail}`;
