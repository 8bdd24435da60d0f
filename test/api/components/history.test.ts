import { beforeEach, describe, expect, it } from 'vitest';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

let id = '';
const history = (query = '') => call('GET', `/v1/components/${id}/history${query}`);

beforeEach(async () => {
  id = freshId();
  await call('POST', '/v1/components', silentRegistration(id));
  await call('POST', `/v1/components/${id}/heartbeat`, {});
  for (const action of ['drain', 'restore']) await call('POST', `/v1/components/${id}/actions`, { action });
});

describe('GET /v1/components/{id}/history', () => {
  it('returns transitions, newest first, page by page', async () => {
    const { status, body } = await history();
    expect(status).toBe(200);
    expect(body.items).toMatchObject([
      { kind: 'transition', field: 'lifecycle', from: 'draining', to: 'active' },
      { kind: 'transition', field: 'lifecycle', from: 'active', to: 'draining' },
      { kind: 'transition', field: 'health', from: 'unknown', to: 'healthy' },
    ]);
    expect(body.nextCursor).toBeNull();
    const items = [];
    for (let cursor = ''; ;) {
      const page = (await history(`?limit=1${cursor}`)).body;
      items.push(...page.items);
      if (page.nextCursor === null) break;
      cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
    }
    expect(items).toEqual(body.items);
  });

  it('filters by the requested time range', async () => {
    const all = (await history()).body.items;
    expect((await history('?to=2001-01-01T00:00:00Z')).body.items).toEqual([]);
    expect((await history('?from=2001-01-01T00:00:00Z')).body.items).toEqual(all);
    expect((await history('?from=2190-01-01T00:00:00Z')).body.items).toEqual([]);
  });

  it.each([
    ['?cursor=mine', 'cursor'],
    [`?cursor=${btoa('1:x')}`, 'cursor'],
    ['?from=yesterday', 'from'],
    ['?to=1', 'to'],
    ['?limit=501', 'limit'],
  ])('refuses %s', async (query, path) => {
    const response = await history(query);
    expectProblem(response, 422, 'invalid-request');
    expect(response.body.errors[0].path).toBe(path);
  });

  it('refuses an unknown id', async () => {
    expectProblem(await call('GET', '/v1/components/nobody/history'), 404, 'unknown-component');
  });
});
