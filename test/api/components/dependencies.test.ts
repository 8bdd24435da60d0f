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

  /** a ← b ← c, over three types. */
  beforeEach(async () => {
    [a, b, c] = [freshId('a'), freshId('b'), freshId('c')];
    expect(await register(a, [])).toBe(201);
    expect(await register(b, [a], 'agent_registry')).toBe(201);
    expect(await register(c, [b], 'caws_validator')).toBe(201);
  });

  it('may not form a cycle, by whatever call', async () => {
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

  it('are not left over from a refused change', async () => {
    const other = freshId('o');
    await register(other, []);
    const before = await call('GET', `/v1/components/${a}`);
    expectProblem(await call('PATCH', `/v1/components/${a}`, { dependencies: [other, c] }), 422, 'dependency-cycle');
    // Were a → other remembered, this would close a cycle.
    expect((await call('PATCH', `/v1/components/${other}`, { dependencies: [a] })).status).toBe(200);
    const after = await call('GET', `/v1/components/${a}`);
    expect(after.body).toMatchObject({ revision: before.body.revision, dependencies: [] });
    expect(after.headers.get('etag')).toBe(before.headers.get('etag'));
  });

  it('may turn round once the old direction is given up', async () => {
    expect((await call('PATCH', `/v1/components/${b}`, { dependencies: [] })).status).toBe(200);
    expect((await call('PATCH', `/v1/components/${a}`, { dependencies: [c] })).status).toBe(200);
    expectProblem(await call('PATCH', `/v1/components/${b}`, { dependencies: [a] }), 422, 'dependency-cycle');
  });

  it('count also where the component between them is away', async () => {
    expect((await call('DELETE', `/v1/components/${b}`)).status).toBe(204);
    // c still names b: b coming back on top of c would be a cycle.
    expectProblem(
      await call('POST', '/v1/components', silentRegistration(b, { dependencies: [c] })),
      422,
      'dependency-cycle',
    );
    expect(await register(b, [a])).toBe(201);
  });

  it('of two changes that together close a cycle, at most one goes through', async () => {
    const [x, y] = [freshId('x'), freshId('y')];
    await Promise.all([register(x, []), register(y, [])]);
    const answers = await Promise.all([
      call('PATCH', `/v1/components/${x}`, { dependencies: [y] }),
      call('PATCH', `/v1/components/${y}`, { dependencies: [x] }),
    ]);
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expectProblem(
      answers.find((answer) => answer.status !== 200)!,
      422,
      'dependency-cycle',
    );
    const edges = [...(await dependenciesOf(x)), ...(await dependenciesOf(y))];
    expect(edges).toHaveLength(1);
  });

  it('may be named until they go, and not after', async () => {
    expect(await register(freshId(), [a, b, c])).toBe(201);
    await call('DELETE', `/v1/components/${c}`);
    const refused = await call('POST', '/v1/components', silentRegistration(freshId(), { dependencies: [c] }));
    expectProblem(refused, 422, 'dependency-not-registered');
  });
});
