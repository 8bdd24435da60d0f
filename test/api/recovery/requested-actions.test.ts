import { beforeAll, describe, expect, it } from 'vitest';
import { awaitEnd, withControl } from '../../recovery/failing-component.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, eventually, freshId, registrationFor, setMode } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';

const act = (id: string, body: unknown): Promise<ApiResponse> => call('POST', `/v1/components/${id}/actions`, body);

async function registered(overrides: Record<string, unknown> = {}): Promise<string> {
  const id = freshId();
  const response = await call('POST', '/v1/components', registrationFor(id, { ...withControl(), ...overrides }));
  expect(response.status).toBe(201);
  await call('POST', `/v1/components/${id}/probe`);
  return id;
}

const auditOf = (id: string, action: string) =>
  eventually(
    () => call('GET', `/v1/audit?subject=${id}&action=${action}`),
    ({ body }) => body.items.length > 0,
  );

describe('POST /v1/components/{id}/actions with restart', () => {
  let id = '';
  beforeAll(async () => {
    id = await registered({ type: 'agent_registry' });
  });

  it('returns the recovery with the response of the controller, the same for the same key; audits the request', async () => {
    const request = { action: 'restart', reason: 'a new version', idempotencyKey: 'deploy-7' };
    const first = await act(id, request);
    expect(first).toMatchObject({
      status: 202,
      body: {
        componentId: id,
        failureType: 'operator_request',
        reason: 'requested by an operator: a new version',
        actions: [{ action: 'restart', status: 'done', attempts: 1, detail: 'accepted with HTTP 202' }],
      },
    });
    expect(first.body).not.toHaveProperty('requestedAction');
    expect((await act(id, request)).body.id).toBe(first.body.id);
    expect((await awaitEnd(first.body.id)).status).toBe('successful');
    const { body } = await auditOf(id, 'component.restart');
    expect(body.items).toMatchObject([
      { subject: id, before: null, after: { recoveryId: first.body.id, reason: 'a new version', force: false } },
    ]);
  });

  it('reports a refusal of the controller', async () => {
    await setMode(id, 'refuses-control');
    const { status, body } = await act(id, { action: 'restart' });
    expect(status).toBe(202);
    expect(body.actions).toMatchObject([{ status: 'failed', detail: 'control endpoint answered HTTP 500' }]);
    await awaitEnd(body.id);
  });

  it('is refused without a controller for the action, and while a third of the type recovers', async () => {
    expectProblem(await act(id, { action: 'scale_up' }), 409, 'no-control');
    expectProblem(await act('nobody', { action: 'restart' }), 404, 'unknown-component');
    const [first, second] = [await registered(), await registered()];
    await setMode(first, 'unavailable');
    const running = await act(first, { action: 'restart' });
    expectProblem(await act(first, { action: 'restart' }), 409, 'recovery-running');
    expectProblem(await act(second, { action: 'restart' }), 409, 'held-back');
    const forced = await act(second, { action: 'restart', force: true });
    expect(forced.status).toBe(202);
    await call('POST', `/v1/recoveries/${running.body.id}/cancel`);
    await Promise.all([awaitEnd(running.body.id), awaitEnd(forced.body.id)]);
  });
});

describe('POST /v1/components/{id}/actions with switchover', () => {
  it('and switchback return the changed component and are audited', async () => {
    const type = 'caws_validator';
    const id = await registered({ type });
    expectProblem(await act(id, { action: 'switchover' }), 409, 'no-standby');
    const standby = await registered({ type, role: 'standby' });
    expectProblem(await act(standby, { action: 'switchback' }), 409, 'no-takeover');
    const switchedOver = await act(id, { action: 'switchover' });
    expect(switchedOver).toMatchObject({ status: 200, body: { id, lifecycle: 'standby' } });
    expect(switchedOver.headers.get('etag')).not.toBeNull();
    expect((await call('GET', `/v1/components/${standby}`)).body).toMatchObject({ lifecycle: 'active' });
    expect(await act(id, { action: 'switchback' })).toMatchObject({ status: 200, body: { id, lifecycle: 'active' } });
    expect((await call('GET', `/v1/components/${standby}`)).body).toMatchObject({ lifecycle: 'standby' });
    expect((await auditOf(id, 'component.switchover')).body.items).toMatchObject([
      { subject: id, before: { lifecycle: 'active' }, after: { lifecycle: 'standby' } },
    ]);
    expect((await auditOf(id, 'component.switchback')).body.items).toMatchObject([{ after: { lifecycle: 'active' } }]);
  });
});
