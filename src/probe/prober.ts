/**
 * Stateless entrypoint that makes health checks, called in batches of at most six targets, because an
 * invocation waits for six connections at once and a seventh would start its clock too early.
 *
 * Owns no state and no judgement. Reports are gathered for a moment so that a healthy batch costs one
 * call back; a failure goes out at once.
 */
import { WorkerEntrypoint } from 'cloudflare:workers';
import { outboundPolicyOf } from '../outbound/outbound-policy.ts';
import { probeOnce, probeHttp } from './http-probe.ts';
import { injectFailure } from './inject-failure.ts';
import type { AttemptReport, ProbeRunner, ProbeTarget } from './probe-runner.ts';
import { MAX_TARGETS_PER_CALL } from './probe-runner.ts';

const GATHER_MS = 100;
const ignore = (): void => undefined;

export class Prober extends WorkerEntrypoint<Env> implements ProbeRunner {
  async run(targets: readonly ProbeTarget[], report: (reports: AttemptReport[]) => Promise<void>): Promise<void> {
    if (targets.length > MAX_TARGETS_PER_CALL) throw new Error(`${targets.length} targets in one call`);
    const policy = outboundPolicyOf(this.env);
    const outgoing = new ReportQueue(report);
    await Promise.all(
      targets.map(async (target) => {
        const { suspicionMs, timeoutMs } = target.order;
        const unanswered = (): void =>
          outgoing.add(reportOn(target, { kind: 'unanswered', afterMs: suspicionMs }), true);
        const probing = probeHttp(
          { ...target, suspicionMs, timeoutMs },
          policy,
          target.inject === 'hang' ? ignore : unanswered,
        );
        const outcome = target.inject ? await injectFailure(target, target.inject, probing, unanswered) : await probing;
        outgoing.add(reportOn(target, outcome), outcome.kind !== 'passed');
      }),
    );
    await outgoing.drain();
  }

  async look(url: string): Promise<boolean> {
    return (await probeOnce(url, outboundPolicyOf(this.env))).kind === 'answered';
  }
}

function reportOn(target: ProbeTarget, outcome: AttemptReport['outcome']): AttemptReport {
  const { checkId, attempt } = target.order;
  return { componentId: target.componentId, checkId, attempt, outcome };
}

class ReportQueue {
  private waiting: AttemptReport[] = [];
  private sending: Promise<void> = Promise.resolve();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly send: (reports: AttemptReport[]) => Promise<void>;

  constructor(send: (reports: AttemptReport[]) => Promise<void>) {
    this.send = send;
  }

  add(report: AttemptReport, urgent: boolean): void {
    this.waiting.push(report);
    if (urgent) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  async drain(): Promise<void> {
    this.flush();
    await this.sending;
  }

  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.waiting.length === 0) return;
    const reports = this.waiting;
    this.waiting = [];
    this.sending = this.sending
      .then(() => this.send(reports))
      .catch((error: unknown) => {
        // These checks are given up as lost and repeated; the reports after them must still get through.
        console.error(JSON.stringify({ message: 'reports not delivered', error: String(error) }));
      });
  }
}
