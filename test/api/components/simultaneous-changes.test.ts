import { describe, expect, it } from 'vitest';
import { coordinator } from '../../../src/coordinator/contract/coordinator-api.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

describe('simultaneous changes of which one succeeds', () => {
  it('leave no id claimed', async () => {
    const id = freshId();
    const etag = (await call('POST', '/v1/components', silentRegistration(id))).headers.get('etag')!;
    const change = (weight: number) =>
      call('PUT', `/v1/components/${id}`, silentRegistration(id, { weight }), { 'if-match': etag });
    await Promise.all([2, 3, 4, 5, 6].map(change));
    expect((await call('DELETE', `/v1/components/${id}`)).status).toBe(204);
    expect(await coordinator().typeOf(id)).toBeNull();
    expect((await call('POST', '/v1/components', silentRegistration(id, { type: 'agent_registry' }))).status).toBe(201);
  });

  it('keep the dependency of the one that succeeds', async () => {
    const [base, id] = [freshId(), freshId()];
    await call('POST', '/v1/components', silentRegistration(base));
    const etag = (await call('POST', '/v1/components', silentRegistration(id))).headers.get('etag')!;
    await Promise.all(
      [2, 3, 4].map((weight) =>
        call('PATCH', `/v1/components/${id}`, { weight, dependencies: [base] }, { 'if-match': etag }),
      ),
    );
    expect((await call('GET', `/v1/components/${id}`)).body.dependencies).toEqual([base]);
    expectProblem(await call('PATCH', `/v1/components/${base}`, { dependencies: [id] }), 422, 'dependency-cycle');
  });
});
