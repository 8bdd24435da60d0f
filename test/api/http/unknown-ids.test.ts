import { describe, expect, it } from 'vitest';
import { contractOperations } from '../../support/contract-operations.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { listIds } from '../../support/list-ids.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const withId = contractOperations().filter(({ path }) => path.includes('{id}'));
const componentCalls = withId.filter(({ path }) => path.startsWith('/v1/components/'));

/** A body that each call would accept for an existing component. */
const bodyFor = (method: string, path: string, id: string): unknown => {
  if (method === 'PUT') return silentRegistration(id);
  if (method === 'PATCH') return { weight: 2 };
  if (path.endsWith('/outcomes')) return [{ outcome: 'success' }];
  if (path.endsWith('/actions')) return { action: 'restore' };
  if (path.endsWith('/failures')) return { error: { message: 'no answer' } };
  return path.endsWith('/heartbeat') ? {} : undefined;
};

describe('an unregistered id', () => {
  it.each(componentCalls)('$method $path returns 404', async ({ method, path }) => {
    const id = freshId();
    const response = await call(method, path.replace('{id}', id), bodyFor(method, path, id));
    expectProblem(response, 404, 'unknown-component');
    expect(response.body.detail).toContain(id);
    expect(await listIds()).not.toContain(id);
  });

  it.each(componentCalls)('$method $path returns 404 after the component was removed', async ({ method, path }) => {
    const id = freshId();
    await call('POST', '/v1/components', silentRegistration(id));
    await call('GET', `/v1/components/${id}`);
    await call('DELETE', `/v1/components/${id}`);
    expectProblem(await call(method, path.replace('{id}', id), bodyFor(method, path, id)), 404, 'unknown-component');
  });

  it.each(withId.filter(({ path }) => /^\/v1\/(recoveries|incidents|silences)\//.test(path)))(
    '$method $path returns 404',
    async ({ method, path }) => {
      const id = `${path.slice('/v1/'.length)[0]}-${'0'.repeat(32)}`;
      expectProblem(await call(method, path.replace('{id}', id)), 404, 'not-found');
    },
  );
});

describe('a malformed id', () => {
  const BAD = ['A', '-a', '.a', 'a%20b', 'a%2Fb', 'a%00', '%C3%A4', '%E0%A4%A', "a'--", 'a;b', 'x'.repeat(129)];

  it.each(withId)('$method $path refuses it at `id`', async ({ method, path }) => {
    for (const bad of BAD) {
      const address = path.replace('{id}', bad).replace('{deliveryId}', 'd-1').replace('{revision}', '1');
      const response = await call(method, address, bodyFor(method, path, 'a'));
      expect(expectProblem(response, 422, 'invalid-request')).toEqual(['id']);
    }
  });
});

describe('an unknown path', () => {
  it.each([
    ['GET', '/v1'],
    ['GET', '/v1/nothing'],
    ['GET', '/v2/components'],
    ['GET', '/v1/components/'],
    ['GET', '/v1/components/a/b/c'],
    ['POST', '/v1/components/a/nothing'],
    ['GET', '/nothing'],
    ['POST', '/healthz/deep'],
  ])('%s %s returns a problem too', async (method, path) => {
    const response = await call(method, path);
    expectProblem(response, 404, 'not-found');
    expect(response.body.instance).toBe(path);
  });
});

describe('a method that a path does not allow', () => {
  it.each([
    ['DELETE', '/v1/components', ['GET', 'POST']],
    ['POST', '/v1/components/any', ['DELETE', 'GET', 'PATCH', 'PUT']],
    ['GET', '/v1/route', ['POST']],
    ['PUT', '/v1/components/any/heartbeat', ['POST']],
    ['POST', '/v1/health', ['GET']],
  ])('%s %s is refused with the allowed methods', async (method, path, allowed) => {
    const response = await call(method, path);
    expectProblem(response, 405, 'method-not-allowed');
    expect(response.headers.get('allow')?.split(', ').toSorted()).toEqual(allowed);
  });
});
