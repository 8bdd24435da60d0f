import { describe, expect, inject, it } from 'vitest';
import { classifyFailure } from '../../src/core/failure/classify.ts';
import type { ProbeOutcome } from '../../src/core/health/check.ts';
import { outboundPolicyOf } from '../../src/outbound/outbound-policy.ts';
import { probeHttp } from '../../src/probe/http-probe.ts';
import { componentLog, freshId, setMode } from '../support/coordinator-http.ts';

interface Probed {
  readonly outcome: ProbeOutcome;
  readonly unanswered: number;
}

const policy = outboundPolicyOf({ ALLOW_PRIVATE_ENDPOINTS: 'true' });
const times = { method: 'GET', timeoutMs: 2_000, degradedAfterMs: 1_000, suspicionMs: 1_000 };

async function probe(url: string, over: Partial<typeof times> = {}): Promise<Probed> {
  let unanswered = 0;
  const outcome = await probeHttp({ url, ...times, ...over }, policy, () => unanswered++);
  return { outcome, unanswered };
}

async function probeMode(mode: string, over: Partial<typeof times> = {}): Promise<Probed & { id: string }> {
  const id = freshId();
  await setMode(id, mode);
  return { id, ...(await probe(`${inject('componentUrl')}/${id}/health`, over)) };
}

const codeOf = ({ outcome }: Probed): string | null => (outcome.kind === 'failed' ? outcome.error.code : null);

describe.concurrent('probeHttp over a real socket', () => {
  it('passes a component that responds healthy', async () => {
    const probed = await probeMode('healthy');
    expect(probed.outcome).toMatchObject({ kind: 'passed', status: 'healthy', details: 'healthy' });
    expect(probed.unanswered).toBe(0);
  });

  it('passes a component that responds degraded as degraded', async () => {
    expect((await probeMode('degraded')).outcome).toMatchObject({ kind: 'passed', status: 'degraded' });
  });

  it('fails a component that responds with 503, with the status and the details', async () => {
    const probed = await probeMode('unavailable');
    expect(codeOf(probed)).toBe('HTTP_503');
    expect(probed.outcome).toMatchObject({ details: 'unhealthy' });
  });

  it('passes a slow response as degraded, with its duration', async () => {
    const { outcome } = await probeMode('slow', { degradedAfterMs: 100 });
    expect(outcome).toMatchObject({ kind: 'passed', status: 'degraded' });
    expect(outcome.kind === 'passed' && outcome.responseTimeMs).toBeGreaterThanOrEqual(390);
  });

  it('does not report a response before the suspicion time as unanswered', async () => {
    expect((await probeMode('slow')).unanswered).toBe(0);
  });

  it('reports a hanging component as unanswered at the suspicion time and as TIMEOUT at the timeout', async () => {
    const id = freshId();
    await setMode(id, 'hang');
    const started = Date.now();
    let unansweredAfterMs = 0;
    const url = `${inject('componentUrl')}/${id}/health`;
    const outcome = await probeHttp({ url, ...times, timeoutMs: 600, suspicionMs: 200 }, policy, () => {
      expect(unansweredAfterMs).toBe(0);
      unansweredAfterMs = Date.now() - started;
    });
    expect(unansweredAfterMs).toBeGreaterThanOrEqual(195);
    expect(unansweredAfterMs).toBeLessThan(590);
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'TIMEOUT', message: 'no answer within 600 ms' } });
    expect(Date.now() - started).toBeGreaterThanOrEqual(595);
  });

  it('fails a reset connection as a connection failure', async () => {
    const code = codeOf(await probeMode('reset'));
    expect(code).not.toBeNull();
    expect(classifyFailure({ code: code!, message: '' })).toBe('connection_failure');
  });

  it('passes although the server closes each connection that is used a second time', async () => {
    const id = freshId();
    await setMode(id, 'closes-reused');
    // Another host name, whose connections no other test uses.
    const url = inject('componentUrl').replace('127.0.0.1', 'localhost');
    for (let round = 0; round < 5; round++) {
      const { outcome } = await probe(`${url}/${id}/health`);
      expect(outcome).toMatchObject({ kind: 'passed', status: 'healthy' });
    }
    // Without reused connections the test would show nothing.
    expect((await componentLog(id)).checks).toBeGreaterThan(5);
  });

  it('fails a port without a listener as a connection failure', async () => {
    const code = codeOf(await probe('http://127.0.0.1:9/health'));
    expect(code).not.toBeNull();
    expect(classifyFailure({ code: code!, message: '' })).toBe('connection_failure');
  });

  it('does not follow a redirect', async () => {
    const probed = await probeMode('redirect');
    expect(codeOf(probed)).toBe('HTTP_302');
    expect((await componentLog('elsewhere')).checks).toBe(0);
  });

  it('does not read an endless body to its end', async () => {
    const { outcome, unanswered } = await probeMode('endless');
    expect(outcome).toMatchObject({ kind: 'passed', status: 'degraded', details: 'body not read whole' });
    expect(outcome.kind === 'passed' && outcome.responseTimeMs).toBeLessThan(times.suspicionMs);
    expect(unanswered).toBe(0);
  });

  it('does not read beyond 1 MiB, and says so', async () => {
    const { outcome } = await probeMode('buried-verdict');
    expect(outcome).toMatchObject({ kind: 'passed', status: 'degraded', details: 'body not read whole' });
  });

  it('makes no request to an address that the deployment does not allow', async () => {
    const id = freshId();
    const url = `${inject('componentUrl')}/${id}/health`;
    const outcome = await probeHttp({ url, ...times }, outboundPolicyOf({}), () => undefined);
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'ENDPOINT_REFUSED' } });
    expect((await componentLog(id)).checks).toBe(0);
  });
});
