/** An isolate that was starved must not blame the components that it checks. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProbeOutcome } from '../../src/core/health/check.ts';
import { outboundPolicyOf } from '../../src/outbound/outbound-policy.ts';
import { probeCanary, probeHttp } from '../../src/probe/http-probe.ts';

const policy = outboundPolicyOf({ ALLOW_PRIVATE_ENDPOINTS: 'true' });
const URL_OF_COMPONENT = 'http://127.0.0.1:9/health';
const STARVED_MS = 40_000;
const times = { method: 'GET', timeoutMs: 5_000, degradedAfterMs: 2_500, suspicionMs: 2_500 };

let respond: (response: Response) => void;
let unanswered: number;

beforeEach(() => {
  unanswered = 0;
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  vi.spyOn(globalThis, 'fetch').mockImplementation(
    (_, init) =>
      new Promise((resolve, reject) => {
        respond = resolve;
        init?.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
      }),
  );
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const probe = (): Promise<ProbeOutcome> => probeHttp({ url: URL_OF_COMPONENT, ...times }, policy, () => unanswered++);

/** The isolate does not run for a while: the clock moves on, and no timer fires. */
const starve = (ms = STARVED_MS): void => void vi.setSystemTime(Date.now() + ms);

async function starveAtEachTimer(): Promise<void> {
  while (vi.getTimerCount() > 0) {
    starve();
    await vi.advanceTimersToNextTimerAsync();
  }
}

/** Advances the clock; each timer fires 240 ms late. */
const advanceLate = async (ms: number): Promise<void> => {
  const until = Date.now() + ms;
  while (Date.now() < until && vi.getTimerCount() > 0) {
    starve(240);
    await vi.advanceTimersToNextTimerAsync();
  }
};

const healthy = () => Response.json({ status: 'healthy' });

describe('a probe in an isolate that was starved for 40 s', () => {
  it('passes a component whose response is read after the timers have fired', async () => {
    const probing = probe();
    starve();
    await vi.advanceTimersByTimeAsync(times.suspicionMs);
    expect(unanswered).toBe(0);
    respond(healthy());
    expect(await probing).toMatchObject({ kind: 'passed', status: 'healthy' });
  });

  it('passes a component whose response is read before the timers fire, and does not call it slow', async () => {
    const probing = probe();
    starve();
    respond(healthy());
    const outcome = await probing;
    expect(outcome).toMatchObject({ kind: 'passed', status: 'healthy' });
    expect(outcome.kind === 'passed' && outcome.responseTimeMs).toBeLessThanOrEqual(times.degradedAfterMs);
  });

  it('finds a component that hangs once the isolate runs again', async () => {
    const probing = probe();
    starve();
    await vi.advanceTimersByTimeAsync(times.timeoutMs + 1_000);
    expect(unanswered).toBe(1);
    expect(await probing).toMatchObject({ kind: 'failed', error: { code: 'TIMEOUT' } });
  });

  it('has no verdict while each further timer fires late', async () => {
    const probing = probe();
    await starveAtEachTimer();
    expect(await probing).toEqual({ kind: 'late' });
    expect(unanswered).toBe(0);
  });

  it('reports a refusal as it is', async () => {
    vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('connection refused'));
    expect(await probe()).toMatchObject({ kind: 'failed' });
  });
});

describe('a probe while each timer fires 240 ms late', () => {
  it('passes a component whose response is read a second after the timeout', async () => {
    const probing = probe();
    await advanceLate(times.timeoutMs + 1_000);
    respond(healthy());
    expect(await probing).toMatchObject({ kind: 'passed' });
  });

  it('finds a component that hangs', async () => {
    const probing = probe();
    await advanceLate(2 * times.timeoutMs);
    expect(unanswered).toBe(1);
    expect(await probing).toMatchObject({ kind: 'failed', error: { code: 'TIMEOUT' } });
  });
});

describe('a canary check in a starved isolate', () => {
  it('is late instead of unanswered', async () => {
    const probing = probeCanary(URL_OF_COMPONENT, policy);
    await starveAtEachTimer();
    expect((await probing).kind).toBe('late');
  });
});
