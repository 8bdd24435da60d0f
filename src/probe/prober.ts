/**
 * Stateless entrypoint that makes health checks in batches of at most six targets. The platform lets six connections
 * of an invocation wait at once. The timeout of a seventh would start before its connection.
 *
 * Owns no state and makes no decisions. Successful reports are batched briefly, so that a healthy batch costs one
 * callback. Failures are reported at once.
 */
import { WorkerEntrypoint } from 'cloudflare:workers';
import { outboundPolicyOf } from '../outbound/outbound-policy.ts';
import { probeCanary, probeHttp } from './http-probe.ts';
import { injectFailure } from './inject-failure.ts';
import type { AttemptReport, ProbeRunner, ProbeTarget } from './probe-runner.ts';
import { MAX_TARGETS_PER_CALL } from './probe-runner.ts';
import { logError } from '../logging/log-error.ts';

const BATCH_DELAY_MS = 100;
const ignore = (): void => undefined;

export class Prober extends WorkerEntrypoint<Env> implements ProbeRunner {
  async run(targets: readonly ProbeTarget[], report: (reports: AttemptReport[]) => Promise<void>): Promise<void> {
    if (targets.length > MAX_TARGETS_PER_CALL) throw new Error(`${targets.length} targets in one call`);
    const policy = outboundPolicyOf(this.env);
    const reportQueue = new ReportQueue(report);
    await Promise.all(
      targets.map(async (target) => {
        const { suspicionMs, timeoutMs } = target.order;
        const unanswered = (): void =>
          reportQueue.add(reportOn(target, { kind: 'unanswered', afterMs: suspicionMs }), true);
        const probing = probeHttp(
          { ...target, suspicionMs, timeoutMs },
          policy,
          target.inject === 'hang' ? ignore : unanswered,
        );
        const outcome = target.inject ? await injectFailure(target, target.inject, probing, unanswered) : await probing;
        reportQueue.add(reportOn(target, outcome), outcome.kind !== 'passed');
      }),
    );
    await reportQueue.drain();
  }

  async isReachable(url: string): Promise<boolean> {
    return (await probeCanary(url, outboundPolicyOf(this.env))).kind === 'answered';
  }
}

function reportOn(target: ProbeTarget, outcome: AttemptReport['outcome']): AttemptReport {
  const { checkId, attempt } = target.order;
  return { componentId: target.componentId, checkId, attempt, outcome };
}

class ReportQueue {
  private pending: AttemptReport[] = [];
  private sending: Promise<void> = Promise.resolve();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly send: (reports: AttemptReport[]) => Promise<void>;

  constructor(send: (reports: AttemptReport[]) => Promise<void>) {
    this.send = send;
  }

  add(report: AttemptReport, urgent: boolean): void {
    this.pending.push(report);
    if (urgent) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), BATCH_DELAY_MS);
  }

  async drain(): Promise<void> {
    this.flush();
    await this.sending;
  }

  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.pending.length === 0) return;
    const reports = this.pending;
    this.pending = [];
    this.sending = this.sending
      .then(() => this.send(reports))
      .catch((error: unknown) => {
        // The registry treats these checks as lost and repeats them. Later reports must still be sent.
        logError('reports not delivered', { error });
      });
  }
}
