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
  it('tells what became of it, the newest first, a page after the other', async () => {
    const { status, body } = await history();
    expect(status).toBe(200);
    expect(body.items).toMatchObject([
      { kind: 'transition', of: 'lifecycle', from: 'draining', to: 'active' },
      { kind: 'transition', of: 'lifecycle', from: 'active', to: 'draining' },
      { kind: 'transition', of: 'health', from: 'unknown', to: 'healthy' },
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

  it('keeps to the time that is asked for', async () => {
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
    const answer = await history(query);
    expectProblem(answer, 422, 'invalid-request');
    expect(answer.body.errors[0].path).toBe(path);
  });

  it('knows no id that is not there', async () => {
    expectProblem(await call('GET', '/v1/components/nobody/history'), 404, 'unknown-component');
  });
});
