import { beforeEach, describe, expect, it } from 'vitest';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

let id = '';
const act = (body: unknown) => call('POST', `/v1/components/${id}/actions`, body);
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

beforeEach(async () => {
  id = freshId();
  await call('POST', '/v1/components', silentRegistration(id));
  await call('POST', `/v1/components/${id}/heartbeat`, {});
});

describe('POST /v1/components/{id}/actions', () => {
  it('returns the changed component and records the change in the audit', async () => {
    const until = inMs(3_600_000);
    const response = await act({ action: 'maintenance', until, reason: 'a new disk' });
    expect(response).toMatchObject({
      status: 200,
      body: { id, lifecycle: 'maintenance', lifecycleUntil: until, lifecycleReason: 'a new disk' },
    });
    expect((await act({ action: 'restore' })).body).toMatchObject({ lifecycle: 'active', lifecycleUntil: null });
    const { body } = await eventually(
      () => call('GET', `/v1/audit?subject=${id}`),
      (found) => found.body.items.length >= 3,
    );
    const [restored, maintained] = body.items;
    expect(maintained).toMatchObject({
      action: 'component.maintenance',
      before: { lifecycle: 'active', reason: null },
      after: { lifecycle: 'maintenance', lifecycleUntil: until, reason: 'a new disk' },
    });
    expect(restored).toMatchObject({ action: 'component.restore', after: { lifecycle: 'active' } });
  });

  it.each([
    [{}, 'action'],
    [{ action: 'explode' }, 'action'],
    [{ action: 'restart', durationMs: 60_000 }, 'durationMs'],
    [{ action: 'switchover', until: '2090-01-01T00:00:00Z' }, 'durationMs'],
    [{ action: 'switchover', force: true }, 'force'],
    [{ action: 'switchback', idempotencyKey: 'k' }, 'idempotencyKey'],
    [{ action: 'restart', idempotencyKey: 'two words' }, 'idempotencyKey'],
    [{ action: 'maintenance' }, 'durationMs'],
    [{ action: 'drain', durationMs: 59_999 }, 'durationMs'],
    [{ action: 'drain', durationMs: 2_592_000_001 }, 'durationMs'],
    [{ action: 'drain', durationMs: 60_000, until: '2090-01-01T00:00:00Z' }, 'until'],
    [{ action: 'drain', until: 'tomorrow' }, 'until'],
    [{ action: 'drain', until: '2001-01-01T00:00:00Z' }, 'until'],
    [{ action: 'drain', until: '2190-01-01T00:00:00Z' }, 'until'],
    [{ action: 'restore', durationMs: 60_000 }, 'durationMs'],
    [{ action: 'drain', reason: 'x'.repeat(257) }, 'reason'],
    [{ action: 'drain', force: true }, 'force'],
  ])('refuses %j and names %s', async (body, path) => {
    const response = await act(body);
    expectProblem(response, 422, 'invalid-request');
    expect(response.body.errors[0].path).toBe(path);
    expect((await call('GET', `/v1/components/${id}`)).body.lifecycle).toBe('active');
  });

  it('refuses an unknown id, and actions on a component being removed', async () => {
    expectProblem(await call('POST', '/v1/components/nobody/actions', { action: 'drain' }), 404, 'unknown-component');
    await call('DELETE', `/v1/components/${id}?drain=60000`);
    expectProblem(await act({ action: 'isolate' }), 409, 'being-removed');
    expect((await act({ action: 'restore' })).body).toMatchObject({ lifecycle: 'active' });
  });

  it('hides the issue of a component under maintenance', async () => {
    const issues = async () =>
      (await call('GET', '/v1/health')).body.issues.filter(
        (issue: { componentId: string }) => issue.componentId === id,
      );
    await act({ action: 'maintenance', durationMs: 600_000 });
    await call('POST', `/v1/components/${id}/heartbeat`, { status: 'unhealthy' });
    await eventually(
      () => call('GET', `/v1/events?types=component.failed&limit=1000`),
      ({ body }) => body.items.some(({ subject }: { subject: string }) => subject === id),
    );
    expect(await issues()).toEqual([]);
    await act({ action: 'restore' });
    await eventually(issues, (found) => found.length === 1);
  });
});
