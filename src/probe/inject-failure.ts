import type { DrillWay } from '../core/drill/active-drill.ts';
import type { AttemptOutcome } from '../core/health/check.ts';
import type { ProbeTarget } from './probe-runner.ts';

/** A failure that is there in earnest is reported as it is. */
export async function injectFailure(
  { order }: ProbeTarget,
  way: DrillWay,
  probing: Promise<AttemptOutcome>,
  onUnanswered: () => void,
): Promise<AttemptOutcome> {
  switch (way) {
    case 'refuse': {
      const found = await probing;
      const error = { code: 'ECONNREFUSED', message: 'the connection was refused (drill)' };
      return found.kind === 'passed'
        ? { kind: 'failed', error, responseTimeMs: found.responseTimeMs, details: null }
        : found;
    }
    case 'unavailable': {
      const found = await probing;
      const error = { code: 'HTTP_503', message: 'answered HTTP 503, not a success (drill)' };
      return found.kind === 'passed'
        ? { kind: 'failed', error, responseTimeMs: found.responseTimeMs, details: null }
        : found;
    }
    case 'hang': {
      const suspicion = setTimeout(onUnanswered, order.suspicionMs);
      const [found] = await Promise.all([probing, new Promise((resolve) => setTimeout(resolve, order.timeoutMs))]);
      clearTimeout(suspicion);
      if (found.kind !== 'passed') return found;
      const error = { code: 'TIMEOUT', message: `no answer within ${order.timeoutMs} ms (drill)` };
      return { kind: 'failed', error, responseTimeMs: order.timeoutMs, details: null };
    }
    default:
      return way satisfies never;
  }
}
