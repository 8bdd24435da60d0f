/**
 * The outside world as production has it: of one invocation six requests at once wait for the headers of their answers,
 * a seventh for its turn. The runtime on one's own machine knows no such limit.
 *
 * Calls of the prober are told apart by a number in the URLs of their targets. Every name under `.test` is answered by
 * the component server, so that each component can have a host, and a budget, of its own.
 */
import { inject, vi } from 'vitest';
import type { AttemptReport, ProbeTarget } from '../../src/probe/probe-runner.ts';
import { Prober } from '../../src/probe/prober.ts';

const AT_ONCE = 6;

export interface ProberCall {
  readonly targets: readonly ProbeTarget[];
  readonly reports: AttemptReport[];
  /** Requests that had to wait for their turn. */
  readonly queued: () => number;
}

/** URL of a health check that `id` answers, at a host of its own. */
export const ownHostUrl = (id: string): string => `http://${id}.test/${id}/health`;

/** From now on, until mocks are restored; answers the calls that are made. */
export function limitToSixAtATime(): ProberCall[] {
  const calls: ProberCall[] = [];
  const turns: Turns[] = [];
  // oxlint-disable-next-line typescript/unbound-method -- called with `run.call`
  const run = Prober.prototype.run;
  vi.spyOn(Prober.prototype, 'run').mockImplementation(async function (this: Prober, targets, report) {
    const own = new Turns();
    const call = { targets, reports: [] as AttemptReport[], queued: () => own.queued };
    const numbered = targets.map((target) => ({ ...target, url: numberedUrl(target.url, turns.length) }));
    calls.push(call);
    turns.push(own);
    await run.call(this, numbered, async (reports) => {
      call.reports.push(...reports);
      await report(reports);
    });
  });
  const real = globalThis.fetch;
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (!url.hostname.endsWith('.test')) return real(input, init);
    const own = (turns[Number(url.searchParams.get('call'))] ??= new Turns());
    const signal = init?.signal ?? null;
    await own.take(signal);
    try {
      return await real(`${inject('componentUrl')}${url.pathname}`, init);
    } finally {
      own.free();
    }
  });
  return calls;
}

export function numberedUrl(url: string, call: number): string {
  const numbered = new URL(url);
  numbered.searchParams.set('call', String(call));
  return numbered.href;
}

class Turns {
  queued = 0;
  private open = 0;
  private readonly line: (() => void)[] = [];

  async take(signal: AbortSignal | null): Promise<void> {
    if (this.open < AT_ONCE) {
      this.open++;
      return;
    }
    this.queued++;
    await new Promise<void>((resolve, reject) => {
      this.line.push(resolve);
      signal?.addEventListener('abort', () => {
        this.line.splice(this.line.indexOf(resolve), 1);
        reject(new DOMException('aborted', 'AbortError'));
      });
    });
  }

  free(): void {
    const next = this.line.shift();
    if (next) next();
    else this.open--;
  }
}
