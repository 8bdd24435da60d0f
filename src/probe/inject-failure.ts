import type { DrillMode } from '../core/drill/active-drill.ts';
import type { ProbeOutcome } from '../core/health/check.ts';
import type { ProbeTarget } from './probe-runner.ts';

/** Replaces a passed probe by the failure that a drill injects. A real failure is reported unchanged. */
export async function injectFailure(
  { order }: ProbeTarget,
  failure: DrillMode,
  probe: Promise<ProbeOutcome>,
  onUnanswered: () => void,
): Promise<ProbeOutcome> {
  switch (failure) {
    case 'refuse': {
      const outcome = await probe;
      const error = { code: 'ECONNREFUSED', message: 'the connection was refused (drill)' };
      return outcome.kind === 'passed'
        ? { kind: 'failed', error, responseTimeMs: outcome.responseTimeMs, details: null }
        : outcome;
    }
    case 'unavailable': {
      const outcome = await probe;
      const error = { code: 'HTTP_503', message: 'answered HTTP 503, not a success (drill)' };
      return outcome.kind === 'passed'
        ? { kind: 'failed', error, responseTimeMs: outcome.responseTimeMs, details: null }
        : outcome;
    }
    case 'hang': {
      const suspicion = setTimeout(onUnanswered, order.suspicionMs);
      const [outcome] = await Promise.all([probe, new Promise((resolve) => setTimeout(resolve, order.timeoutMs))]);
      clearTimeout(suspicion);
      if (outcome.kind !== 'passed') return outcome;
      const error = { code: 'TIMEOUT', message: `no answer within ${order.timeoutMs} ms (drill)` };
      return { kind: 'failed', error, responseTimeMs: order.timeoutMs, details: null };
    }
    default:
      return failure satisfies never;
  }
}
