/** How an isolate gets a copy of all keys, page by page, when it cannot be told of the changes alone. */
import { createExecutionContext, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import type { KeySyncResponse } from '../../src/coordinator/contract/coordinator-api.ts';
import { coordinator } from '../../src/coordinator/contract/coordinator-api.ts';
import { call, eventually, freshId } from '../support/coordinator-http.ts';
import { evict } from '../support/evict.ts';
import { interceptCoordinator } from '../support/intercept-coordinator.ts';
import { silentRegistration } from '../support/silent-registration.ts';

const app = createApp();
const DAY_MS = 86_400_000;
/** More than one page. */
const MANY = 6_000;

interface Made {
  readonly id: string;
  readonly key: string;
}

const make = async (name: string): Promise<Made> => (await call('POST', '/v1/keys', { name, scopes: ['viewer'] })).body;
const revoke = ({ id }: Made) => call('DELETE', `/v1/keys/${id}`);
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

async function ask({ key }: Made): Promise<number> {
  const request = new Request('https://coordinator.test/v1/health', { headers: { authorization: `Bearer ${key}` } });
  const response = await app.fetch(request, env, createExecutionContext());
  await response.arrayBuffer();
  return response.status;
}

/** On the first page of a copy, and on the last. */
let early: Made;
let late: Made;
/** As early; one for each test that revokes one. */
let others: Made[];

/** Changes that no edge was told of are forgotten: every edge must have everything anew. */
async function forget(): Promise<void> {
  const id = freshId();
  await call('POST', '/v1/components', silentRegistration(id));
  await revoke((await call('POST', `/v1/components/${id}/key`)).body);
  await coordinator().sweep(Date.now() + DAY_MS);
}

/** Has every page recorded, and the second one wait for what `before` answers. */
function watchPages(before: () => Promise<unknown> = () => Promise.resolve()) {
  const pages: KeySyncResponse[] = [];
  let asked = 0;
  interceptCoordinator('syncKeys', (real) => async (request) => {
    asked++;
    if (asked === 2) await before();
    const page = await real(request);
    pages.push(page);
    return page;
  });
  return pages;
}

beforeAll(async () => {
  [early, ...others] = (await Promise.all(['early', '1', '2', '3', '4'].map(make))) as [Made, ...Made[]];
  const stub = env.SYSTEM_COORDINATOR.getByName('system');
  await runInDurableObject(stub as DurableObjectStub, (_, { storage: { sql } }) => {
    sql.exec(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO access_keys (id, name, scopes, secrets, created_at, revision)
       SELECT 'many-' || i, 'many', '["viewer"]', '[]', 0, 100 + i FROM n`,
      MANY,
    );
    sql.exec("UPDATE access_key_scalars SET value = ? WHERE name = 'revision'", 100 + MANY);
    sql.exec("DELETE FROM access_key_scalars WHERE name = 'in-force'");
  });
  await evict(stub);
  late = await make('late');
});

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  expect(await ask(late)).toBe(200);
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await eventually(
    () => ask(late),
    (status) => status === 200,
  );
});

describe('a copy of all keys', () => {
  it('leaves out the keys that are over', async () => {
    const over = await make('over');
    const { id: expired } = (
      await call('POST', '/v1/keys', {
        name: 'short',
        scopes: ['viewer'],
        expiresAt: new Date(Date.now() + 1_000).toISOString(),
      })
    ).body;
    await revoke(over);
    await forget();
    pass(2_500);
    const pages = watchPages();
    expect(await ask(late)).toBe(200);
    expect(pages.map(({ full }) => full)).toEqual([true, false]);
    const ids = pages.flatMap(({ keys }) => keys.map(({ id }) => id));
    expect(ids).toEqual(expect.arrayContaining([early.id, late.id]));
    expect(ids.filter((id) => [over.id, expired].includes(id))).toEqual([]);
    expect(pages.flatMap(({ keys }) => keys).every(({ revokedAt }) => revokedAt === null)).toBe(true);
    expect(await ask(over)).toBe(401);
  });

  it('takes the place of the one at hand only when it is whole', async () => {
    await forget();
    pass(2_500);
    const held = Promise.withResolvers<void>();
    const pages = watchPages(() => held.promise);
    for (const key of [late, early]) expect(await ask(key)).toBe(200);
    expect(pages).toHaveLength(1);
    held.resolve();
    await eventually(
      async () => pages.length,
      (count) => count === 2,
    );
    for (const key of [late, early]) expect(await ask(key)).toBe(200);
  });

  it('that was given up is gone on with', async () => {
    await forget();
    pass(2_500);
    const pages = watchPages(() => new Promise(() => undefined));
    expect(await ask(late)).toBe(200);
    pass(6_000);
    const made = await make('made meanwhile');
    expect(await ask(made)).toBe(200);
    expect(pages.map(({ full, more }) => ({ full, more }))).toEqual([
      { full: true, more: true },
      { full: false, more: false },
    ]);
    for (const key of [late, early]) expect(await ask(key)).toBe(200);
  });
});

describe.each([
  ['while it is fetched', 0],
  ['before it is gone on with', 6_000],
])('a key of the first page that is revoked %s', (_, givenUpMs) => {
  it.each([
    ['', 0],
    [' and forgotten', 31 * DAY_MS],
  ])('is told of%s', async (__, forgottenMs) => {
    const second = givenUpMs === 0 ? Promise.withResolvers<void>() : null;
    const gone = others.pop()!;
    expect(await ask(gone)).toBe(200);
    await forget();
    pass(2_500);
    const pages = watchPages(() => second?.promise ?? new Promise(() => undefined));
    expect(await ask(gone)).toBe(200);
    expect(pages).toHaveLength(1);
    await revoke(gone);
    await coordinator().sweep(Date.now() + forgottenMs);
    second?.resolve();
    pass(givenUpMs);
    await eventually(
      () => ask(late),
      (status) => status === 200 && pages.at(-1)?.more === false,
    );
    expect(pages.length).toBeLessThan(6);
    expect([await ask(gone), await ask(early), await ask(late)]).toEqual([401, 200, 200]);
  });
});
