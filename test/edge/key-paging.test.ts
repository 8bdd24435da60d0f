/** Full synchronisation of an isolate's keys, page by page, when the changes alone are no longer available. */
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

interface CreatedKey {
  readonly id: string;
  readonly key: string;
}

const make = async (name: string): Promise<CreatedKey> =>
  (await call('POST', '/v1/keys', { name, scopes: ['viewer'] })).body;
const revoke = ({ id }: CreatedKey) => call('DELETE', `/v1/keys/${id}`);
const advance = (ms: number) => vi.setSystemTime(Date.now() + ms);

async function send({ key }: CreatedKey): Promise<number> {
  const request = new Request('https://coordinator.test/v1/health', { headers: { authorization: `Bearer ${key}` } });
  const response = await app.fetch(request, env, createExecutionContext());
  await response.arrayBuffer();
  return response.status;
}

/** On the first page of a copy. */
let early: CreatedKey;
/** On the last page of a copy. */
let late: CreatedKey;
/** On the first page as well, one for each test that revokes a key. */
let others: CreatedKey[];

/** Lets the coordinator delete recent changes, so every edge must fetch all keys again. */
async function forgetChanges(): Promise<void> {
  const id = freshId();
  await call('POST', '/v1/components', silentRegistration(id));
  await revoke((await call('POST', `/v1/components/${id}/key`)).body);
  await coordinator().sweep(Date.now() + DAY_MS);
}

/** Records every page; the second call first waits for `before`. */
function watchPages(before: () => Promise<unknown> = () => Promise.resolve()) {
  const pages: KeySyncResponse[] = [];
  let calls = 0;
  interceptCoordinator('syncKeys', (real) => async (request) => {
    calls++;
    if (calls === 2) await before();
    const page = await real(request);
    pages.push(page);
    return page;
  });
  return pages;
}

beforeAll(async () => {
  [early, ...others] = (await Promise.all(['early', '1', '2', '3', '4'].map(make))) as [CreatedKey, ...CreatedKey[]];
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
  expect(await send(late)).toBe(200);
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await eventually(
    () => send(late),
    (status) => status === 200,
  );
});

describe('a copy of all keys', () => {
  it('omits revoked and expired keys', async () => {
    const revoked = await make('revoked');
    const { id: expired } = (
      await call('POST', '/v1/keys', {
        name: 'short',
        scopes: ['viewer'],
        expiresAt: new Date(Date.now() + 1_000).toISOString(),
      })
    ).body;
    await revoke(revoked);
    await forgetChanges();
    advance(2_500);
    const pages = watchPages();
    expect(await send(late)).toBe(200);
    expect(pages.map(({ full }) => full)).toEqual([true, false]);
    const ids = pages.flatMap(({ keys }) => keys.map(({ id }) => id));
    expect(ids).toEqual(expect.arrayContaining([early.id, late.id]));
    expect(ids.filter((id) => [revoked.id, expired].includes(id))).toEqual([]);
    expect(pages.flatMap(({ keys }) => keys).every(({ revokedAt }) => revokedAt === null)).toBe(true);
    expect(await send(revoked)).toBe(401);
  });

  it('replaces the cached copy only when it is complete', async () => {
    await forgetChanges();
    advance(2_500);
    const blocked = Promise.withResolvers<void>();
    const pages = watchPages(() => blocked.promise);
    for (const key of [late, early]) expect(await send(key)).toBe(200);
    expect(pages).toHaveLength(1);
    blocked.resolve();
    await eventually(
      async () => pages.length,
      (count) => count === 2,
    );
    for (const key of [late, early]) expect(await send(key)).toBe(200);
  });

  it('is continued by the next refresh when the first was given up', async () => {
    await forgetChanges();
    advance(2_500);
    const pages = watchPages(() => new Promise(() => undefined));
    expect(await send(late)).toBe(200);
    advance(6_000);
    const made = await make('made meanwhile');
    expect(await send(made)).toBe(200);
    expect(pages.map(({ full, more }) => ({ full, more }))).toEqual([
      { full: true, more: true },
      { full: false, more: false },
    ]);
    for (const key of [late, early]) expect(await send(key)).toBe(200);
  });
});

describe.each([
  ['while the copy is fetched', 0],
  ['before the copy is continued', 6_000],
])('a key of the first page that is revoked %s', (_, pauseMs) => {
  it.each([
    ['', 0],
    [' even after its deletion', 31 * DAY_MS],
  ])('is removed%s', async (__, sweepAfterMs) => {
    const second = pauseMs === 0 ? Promise.withResolvers<void>() : null;
    const gone = others.pop()!;
    expect(await send(gone)).toBe(200);
    await forgetChanges();
    advance(2_500);
    const pages = watchPages(() => second?.promise ?? new Promise(() => undefined));
    expect(await send(gone)).toBe(200);
    expect(pages).toHaveLength(1);
    await revoke(gone);
    await coordinator().sweep(Date.now() + sweepAfterMs);
    second?.resolve();
    advance(pauseMs);
    await eventually(
      () => send(late),
      (status) => status === 200 && pages.at(-1)?.more === false,
    );
    expect(pages.length).toBeLessThan(6);
    expect([await send(gone), await send(early), await send(late)]).toEqual([401, 200, 200]);
  });
});
