import { beforeEach, describe, expect, it } from 'vitest';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const register = async (id: string, dependencies: readonly string[], type = 'task_router'): Promise<number> =>
  (await call('POST', '/v1/components', silentRegistration(id, { dependencies, type }))).status;

const dependenciesOf = async (id: string): Promise<string[]> =>
  (await call('GET', `/v1/components/${id}`)).body.dependencies;

describe('dependencies', () => {
  let [a, b, c] = ['', '', ''];

  /** a ← b ← c, across three types. */
  beforeEach(async () => {
    [a, b, c] = [freshId('a'), freshId('b'), freshId('c')];
    expect(await register(a, [])).toBe(201);
    expect(await register(b, [a], 'agent_registry')).toBe(201);
    expect(await register(c, [b], 'caws_validator')).toBe(201);
  });

  it('cannot form a cycle through POST, PUT or PATCH', async () => {
    const whole = silentRegistration(a, { dependencies: [c] });
    for (const [method, path, body] of [
      ['POST', '/v1/components', whole],
      ['PUT', `/v1/components/${a}`, whole],
      ['PATCH', `/v1/components/${a}`, { dependencies: [c] }],
    ] as const) {
      expect(expectProblem(await call(method, path, body), 422, 'dependency-cycle')).toEqual(['dependencies']);
    }
    expect(await dependenciesOf(a)).toEqual([]);
  });

  it('of a refused change are not kept', async () => {
    const other = freshId('o');
    await register(other, []);
    const before = await call('GET', `/v1/components/${a}`);
    expectProblem(await call('PATCH', `/v1/components/${a}`, { dependencies: [other, c] }), 422, 'dependency-cycle');
    // If the refused edge a → other had been kept, this would close a cycle.
    expect((await call('PATCH', `/v1/components/${other}`, { dependencies: [a] })).status).toBe(200);
    const after = await call('GET', `/v1/components/${a}`);
    expect(after.body).toMatchObject({ revision: before.body.revision, dependencies: [] });
    expect(after.headers.get('etag')).toBe(before.headers.get('etag'));
  });

  it('can be reversed once the former direction is removed', async () => {
    expect((await call('PATCH', `/v1/components/${b}`, { dependencies: [] })).status).toBe(200);
    expect((await call('PATCH', `/v1/components/${a}`, { dependencies: [c] })).status).toBe(200);
    expectProblem(await call('PATCH', `/v1/components/${b}`, { dependencies: [a] }), 422, 'dependency-cycle');
  });

  it('count through a removed component', async () => {
    expect((await call('DELETE', `/v1/components/${b}`)).status).toBe(204);
    // c still depends on b, so b depending on c would be a cycle.
    expectProblem(
      await call('POST', '/v1/components', silentRegistration(b, { dependencies: [c] })),
      422,
      'dependency-cycle',
    );
    expect(await register(b, [a])).toBe(201);
  });

  it('let at most one of two simultaneous changes that form a cycle succeed', async () => {
    const [x, y] = [freshId('x'), freshId('y')];
    await Promise.all([register(x, []), register(y, [])]);
    const responses = await Promise.all([
      call('PATCH', `/v1/components/${x}`, { dependencies: [y] }),
      call('PATCH', `/v1/components/${y}`, { dependencies: [x] }),
    ]);
    expect(responses.filter((response) => response.status === 200)).toHaveLength(1);
    expectProblem(
      responses.find((response) => response.status !== 200)!,
      422,
      'dependency-cycle',
    );
    const edges = [...(await dependenciesOf(x)), ...(await dependenciesOf(y))];
    expect(edges).toHaveLength(1);
  });

  it('must be registered when they are declared', async () => {
    expect(await register(freshId(), [a, b, c])).toBe(201);
    await call('DELETE', `/v1/components/${c}`);
    const refused = await call('POST', '/v1/components', silentRegistration(freshId(), { dependencies: [c] }));
    expectProblem(refused, 422, 'dependency-not-registered');
  });
});
