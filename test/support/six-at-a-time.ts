/**
 * Connection limit of production: at most six requests of one invocation wait for response headers at the same time, a
 * seventh is queued. The local runtime has no such limit.
 *
 * A number in the target URLs distinguishes the calls of the prober. The component server responds for every name under
 * `.test`, so that each component can have its own host and host budget.
 */
import { inject, vi } from 'vitest';
import type { AttemptReport, ProbeTarget } from '../../src/probe/probe-runner.ts';
import { Prober } from '../../src/probe/prober.ts';

const AT_ONCE = 6;

export interface ProberCall {
  readonly targets: readonly ProbeTarget[];
  readonly reports: AttemptReport[];
  /** Number of requests that were queued. */
  readonly queued: () => number;
}

/** URL of the health check of `id` at its own host. */
export const ownHostUrl = (id: string): string => `http://${id}.test/${id}/health`;

/** Applies the limit until mocks are restored. Returns the calls of the prober. */
export function limitToSixAtATime(): ProberCall[] {
  const calls: ProberCall[] = [];
  const slots: RequestSlots[] = [];
  // oxlint-disable-next-line typescript/unbound-method -- called with `run.call`
  const run = Prober.prototype.run;
  vi.spyOn(Prober.prototype, 'run').mockImplementation(async function (this: Prober, targets, report) {
    const own = new RequestSlots();
    const call = { targets, reports: [] as AttemptReport[], queued: () => own.queued };
    const numbered = targets.map((target) => ({ ...target, url: numberedUrl(target.url, slots.length) }));
    calls.push(call);
    slots.push(own);
    await run.call(this, numbered, async (reports) => {
      call.reports.push(...reports);
      await report(reports);
    });
  });
  const real = globalThis.fetch;
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (!url.hostname.endsWith('.test')) return real(input, init);
    const own = (slots[Number(url.searchParams.get('call'))] ??= new RequestSlots());
    const signal = init?.signal ?? null;
    await own.acquire(signal);
    try {
      return await real(`${inject('componentUrl')}${url.pathname}`, init);
    } finally {
      own.release();
    }
  });
  return calls;
}

export function numberedUrl(url: string, call: number): string {
  const numbered = new URL(url);
  numbered.searchParams.set('call', String(call));
  return numbered.href;
}

class RequestSlots {
  queued = 0;
  private open = 0;
  private readonly waiting: (() => void)[] = [];

  async acquire(signal: AbortSignal | null): Promise<void> {
    if (this.open < AT_ONCE) {
      this.open++;
      return;
    }
    this.queued++;
    await new Promise<void>((resolve, reject) => {
      this.waiting.push(resolve);
      signal?.addEventListener('abort', () => {
        this.waiting.splice(this.waiting.indexOf(resolve), 1);
        reject(new DOMException('aborted', 'AbortError'));
      });
    });
  }

  release(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.open--;
  }
}
