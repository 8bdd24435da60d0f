import { beforeAll, describe, expect, it } from 'vitest';
import { ended, withControl } from '../../recovery/failing-component.ts';
import type { Answer } from '../../support/coordinator-http.ts';
import { call, eventually, freshId, registrationFor, setMode } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';

const act = (id: string, body: unknown): Promise<Answer> => call('POST', `/v1/components/${id}/actions`, body);

async function registered(overrides: Record<string, unknown> = {}): Promise<string> {
  const id = freshId();
  const answer = await call('POST', '/v1/components', registrationFor(id, { ...withControl(id), ...overrides }));
  expect(answer.status).toBe(201);
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

  it('answers the recovery with what the controller said, the same for the same key; the audit has who asked', async () => {
    const asked = { action: 'restart', reason: 'a new version', idempotencyKey: 'deploy-7' };
    const first = await act(id, asked);
    expect(first).toMatchObject({
      status: 202,
      body: {
        componentId: id,
        failureType: 'operator_request',
        reason: 'asked for by an operator: a new version',
        actions: [{ action: 'restart', status: 'done', attempts: 1, detail: 'accepted with HTTP 202' }],
      },
    });
    expect(first.body).not.toHaveProperty('asked');
    expect((await act(id, asked)).body.id).toBe(first.body.id);
    expect((await ended(first.body.id)).status).toBe('successful');
    const { body } = await auditOf(id, 'component.restart');
    expect(body.items).toMatchObject([
      { subject: id, before: null, after: { recoveryId: first.body.id, reason: 'a new version', force: false } },
    ]);
  });

  it('says so when the controller refuses', async () => {
    await setMode(id, 'refuses-control');
    const { status, body } = await act(id, { action: 'restart' });
    expect(status).toBe(202);
    expect(body.actions).toMatchObject([{ status: 'failed', detail: 'control endpoint answered HTTP 500' }]);
    await ended(body.id);
  });

  it('is refused where nobody does it, and while a third of the type is worked on', async () => {
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
    await Promise.all([ended(running.body.id), ended(forced.body.id)]);
  });
});

describe('POST /v1/components/{id}/actions with switchover', () => {
  it('and switchback answer the component as it is then; the audit has who asked', async () => {
    const type = 'caws_validator';
    const id = await registered({ type });
    expectProblem(await act(id, { action: 'switchover' }), 409, 'no-standby');
    const standby = await registered({ type, role: 'standby' });
    expectProblem(await act(standby, { action: 'switchback' }), 409, 'nobody-took-over');
    const over = await act(id, { action: 'switchover' });
    expect(over).toMatchObject({ status: 200, body: { id, lifecycle: 'standby' } });
    expect(over.headers.get('etag')).not.toBeNull();
    expect((await call('GET', `/v1/components/${standby}`)).body).toMatchObject({ lifecycle: 'active' });
    expect(await act(id, { action: 'switchback' })).toMatchObject({ status: 200, body: { id, lifecycle: 'active' } });
    expect((await call('GET', `/v1/components/${standby}`)).body).toMatchObject({ lifecycle: 'standby' });
    expect((await auditOf(id, 'component.switchover')).body.items).toMatchObject([
      { subject: id, before: { lifecycle: 'active' }, after: { lifecycle: 'standby' } },
    ]);
    expect((await auditOf(id, 'component.switchback')).body.items).toMatchObject([{ after: { lifecycle: 'active' } }]);
  });
});
