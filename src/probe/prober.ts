/**
 * Stateless entrypoint that makes health checks in batches of at most six targets. The platform lets six connections
 * of an invocation wait at once. The timeout of a seventh would start before its connection.
 *
 * Owns no state and makes no decisions. Reports are batched, so that a healthy batch costs one callback, and so does a
 * batch that fails at once.
 */
import { WorkerEntrypoint } from 'cloudflare:workers';
import { outboundPolicyOf } from '../outbound/outbound-policy.ts';
import { probeCanary, probeHttp } from './http-probe.ts';
import { injectFailure } from './inject-failure.ts';
import type { AttemptReport, ProbeRunner, ProbeTarget, Reachability } from './probe-runner.ts';
import { MAX_TARGETS_PER_CALL } from './probe-runner.ts';
import { logError } from '../logging/log-error.ts';

/** Longest time that a report waits for others of its call, ms. */
const BATCH_DELAY_MS = { passed: 100, failed: 10 };
const ignore = (): void => undefined;

export class Prober extends WorkerEntrypoint<Env> implements ProbeRunner {
  async run(targets: readonly ProbeTarget[], report: (reports: AttemptReport[]) => Promise<void>): Promise<void> {
    if (targets.length > MAX_TARGETS_PER_CALL) throw new Error(`${targets.length} targets in one call`);
    const policy = outboundPolicyOf(this.env);
    const reportQueue = new ReportQueue(report);
    await Promise.all(
      targets.map(async (target) => {
        const { suspicionMs, timeoutMs } = target.order;
        const unanswered = (): void => reportQueue.add(reportOn(target, { kind: 'unanswered', afterMs: suspicionMs }));
        const probing = probeHttp(
          { ...target, suspicionMs, timeoutMs },
          policy,
          target.inject === 'hang' ? ignore : unanswered,
        );
        const outcome = target.inject ? await injectFailure(target, target.inject, probing, unanswered) : await probing;
        reportQueue.add(reportOn(target, outcome));
      }),
    );
    await reportQueue.drain();
  }

  async checkReachability(url: string): Promise<Reachability> {
    const { kind } = await probeCanary(url, outboundPolicyOf(this.env));
    if (kind === 'late') return 'late';
    return kind === 'answered' ? 'reachable' : 'unreachable';
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
  /** Epoch ms at which the pending reports are sent. */
  private dueAt = Infinity;
  private readonly send: (reports: AttemptReport[]) => Promise<void>;

  constructor(send: (reports: AttemptReport[]) => Promise<void>) {
    this.send = send;
  }

  add(report: AttemptReport): void {
    this.pending.push(report);
    const waitMs = BATCH_DELAY_MS[report.outcome.kind === 'passed' ? 'passed' : 'failed'];
    const dueAt = Date.now() + waitMs;
    if (dueAt >= this.dueAt) return;
    this.stopTimer();
    this.dueAt = dueAt;
    this.timer = setTimeout(() => this.flush(), waitMs);
  }

  async drain(): Promise<void> {
    this.flush();
    await this.sending;
  }

  private flush(): void {
    this.stopTimer();
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

  private stopTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.dueAt = Infinity;
  }
}
