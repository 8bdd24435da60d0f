import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { idOfKey } from '../../../src/core/access/key-format.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { evict } from '../../support/evict.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const make = (body: object): Promise<ApiResponse> =>
  call('POST', '/v1/keys', { name: 'test', scopes: ['viewer'], ...body });
const isAccepted = async (key: string): Promise<boolean> =>
  (await call('GET', '/v1/health', undefined, bearer(key))).status === 200;

const register = (id: string, key: string, overrides: Record<string, unknown> = {}): Promise<ApiResponse> =>
  call('POST', '/v1/components', silentRegistration(id, overrides), bearer(key));

describe('POST /v1/keys', () => {
  it('returns the key once; later reads return its metadata only', async () => {
    const made = await make({ name: 'a screen in the hall' });
    expect(made.status).toBe(201);
    const { key, ...kept } = made.body;
    expect(idOfKey(key)).toBe(kept.id);
    expect(kept).toMatchObject({ name: 'a screen in the hall', scopes: ['viewer'], state: 'active', expiresAt: null });
    const read = await call('GET', `/v1/keys/${kept.id}`);
    expect({ ...read.body, lastUsedAt: null }).toEqual(kept);
    expect(JSON.stringify(read.body)).not.toContain(key.slice(17, 81));
  });

  it('creates a key that is accepted at once', async () => {
    expect(await isAccepted((await make({})).body.key)).toBe(true);
  });

  it('names each invalid scope', async () => {
    const refused = await make({ scopes: ['viewer', 'root', 'registrar:Unheard_of', 'component:A'] });
    expect(expectProblem(refused, 422, 'invalid-request')).toEqual(['scopes[1]', 'scopes[2]', 'scopes[3]']);
  });

  it.each([
    ['no name', { name: undefined }, 'name'],
    ['a name of control characters', { name: 'a\nb' }, 'name'],
    ['no scopes', { scopes: [] }, 'scopes'],
    ['an end in the past', { expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
    ['an end too far away', { expiresAt: '2999-01-01T00:00:00Z' }, 'expiresAt'],
    ['an end that is not a time', { expiresAt: 'tomorrow' }, 'expiresAt'],
    ['an unknown field', { secret: 'x' }, 'secret'],
  ])('refuses %s', async (_, body, path) => {
    expect(expectProblem(await make(body), 422, 'invalid-request')).toEqual([path]);
  });
});

describe('a key', () => {
  it('is refused after its end', async () => {
    const { key } = (await make({ expiresAt: new Date(Date.now() + 1_500).toISOString() })).body;
    expect(await isAccepted(key)).toBe(true);
    await eventually(
      () => isAccepted(key),
      (open) => !open,
    );
    expectProblem(await call('GET', '/v1/health', undefined, bearer(key)), 401, 'unauthorized');
  });

  it('is refused within 3 s of its revocation by an isolate that accepted it before', async () => {
    const { id, key } = (await make({})).body;
    expect(await isAccepted(key)).toBe(true);
    const revoked = await call('DELETE', `/v1/keys/${id}`);
    expect(revoked.body).toMatchObject({ id, state: 'revoked', secrets: [] });
    await eventually(
      () => isAccepted(key),
      (open) => !open,
      3_000,
    );
  });

  it('can be revoked twice with the same result', async () => {
    const { id } = (await make({})).body;
    const [first, second] = [await call('DELETE', `/v1/keys/${id}`), await call('DELETE', `/v1/keys/${id}`)];
    expect(second.status).toBe(200);
    expect(second.body.revokedAt).toBe(first.body.revokedAt);
  });

  it('has two secrets during the overlap of a rotation, and one after it', async () => {
    const { id, key: first } = (await make({})).body;
    const rotated = await call('POST', `/v1/keys/${id}/rotate`, { overlapMs: 2_500 });
    expect(rotated.status).toBe(200);
    expect(rotated.body).toMatchObject({ id, secrets: [{ endsAt: null }, { endsAt: expect.any(String) }] });
    expect(await isAccepted(rotated.body.key)).toBe(true);
    expect(await isAccepted(first)).toBe(true);
    await eventually(
      () => isAccepted(first),
      (open) => !open,
      6_000,
    );
    expect(await isAccepted(rotated.body.key)).toBe(true);
  });

  it('rotated twice drops its oldest secret', async () => {
    const { id, key: first } = (await make({})).body;
    const { key: second } = (await call('POST', `/v1/keys/${id}/rotate`, {})).body;
    const { key: third } = (await call('POST', `/v1/keys/${id}/rotate`, {})).body;
    await eventually(
      () => isAccepted(first),
      (open) => !open,
      4_000,
    );
    expect([await isAccepted(second), await isAccepted(third)]).toEqual([true, true]);
  });

  it('that is revoked cannot be rotated', async () => {
    const { id } = (await make({})).body;
    await call('DELETE', `/v1/keys/${id}`);
    expectProblem(await call('POST', `/v1/keys/${id}/rotate`, {}), 409, 'key-not-active');
  });

  it('shows when it was last used', async () => {
    const { id, key } = (await make({})).body;
    await isAccepted(key);
    await eventually(
      async () => {
        await isAccepted(key);
        return (await call('GET', `/v1/keys/${id}`)).body.lastUsedAt as string | null;
      },
      (at) => at !== null && Math.abs(Date.now() - Date.parse(at)) < 10_000,
      8_000,
    );
  });

  it('survives an eviction of the coordinator', async () => {
    const { id, key } = (await make({ scopes: ['viewer', 'router'] })).body;
    const before = (await call('GET', `/v1/keys/${id}`)).body;
    await evict(env.SYSTEM_COORDINATOR.getByName('system'));
    expect((await call('GET', `/v1/keys/${id}`)).body).toEqual(before);
    expect(await isAccepted(key)).toBe(true);
  });

  it('that was never created is unknown', async () => {
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/rotate'],
    ] as const)
      expectProblem(
        await call(method, `/v1/keys/000000000000${path}`, method === 'POST' ? {} : undefined),
        404,
        'unknown-key',
      );
    expectProblem(await call('GET', '/v1/keys/nonsense'), 422, 'invalid-request');
  });
});

describe('GET /v1/keys', () => {
  it('lists each key once, page by page', async () => {
    const made = new Set<string>();
    for (let at = 0; at < 5; at++) made.add((await make({})).body.id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: ApiResponse = await call('GET', `/v1/keys?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.body.items.map(({ id }: { id: string }) => id));
      cursor = page.body.nextCursor;
    } while (cursor !== null);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining([...made]));
  });
});

describe('a registrar', () => {
  let registrar: { id: string; key: string };
  let other: { id: string; key: string };
  beforeAll(async () => {
    registrar = (await make({ scopes: ['registrar:task_router'] })).body;
    other = (await make({ scopes: ['registrar:task_router'] })).body;
  });

  it('receives a key for each component it registers, valid for that component only', async () => {
    const [id, sibling] = [freshId(), freshId()];
    await register(sibling, registrar.key);
    const created = await register(id, registrar.key);
    expect(created.status).toBe(201);
    expect(created.body.key).toMatchObject({ scopes: [`component:${id}`], issuedBy: registrar.id, issuedTo: id });
    const own = bearer(created.body.key.key);
    expect((await call('POST', `/v1/components/${id}/heartbeat`, {}, own)).status).toBe(200);
    expectProblem(await call('POST', `/v1/components/${sibling}/heartbeat`, {}, own), 404, 'unknown-component');
    expect((await register(id, registrar.key)).body.key).toBeUndefined();
  });

  it('is the only caller that receives a key: a registration by an admin returns none', async () => {
    expect((await call('POST', '/v1/components', silentRegistration(freshId()))).body.key).toBeUndefined();
  });

  it('cannot take over a component registered by another registrar or by an admin', async () => {
    const [foreign, admins] = [freshId(), freshId()];
    await register(foreign, other.key);
    await call('POST', '/v1/components', silentRegistration(admins));
    for (const id of [foreign, admins]) {
      const before = (await call('GET', `/v1/components/${id}`)).body;
      const refused = await register(id, registrar.key, { name: 'mine now' });
      expect(expectProblem(refused, 409, 'id-taken')).toEqual(['id']);
      for (const [method, path, body] of [
        ['GET', '', undefined],
        ['PUT', '', silentRegistration(id, { name: 'mine now' })],
        ['PATCH', '', { name: 'mine now' }],
        ['DELETE', '', undefined],
        ['POST', '/key', undefined],
        ['GET', '/control-secret', undefined],
      ] as const) {
        const response = await call(method, `/v1/components/${id}${path}`, body, bearer(registrar.key));
        expectProblem(response, 404, 'unknown-component');
      }
      expect((await call('GET', `/v1/components/${id}`)).body.generation).toBe(before.generation);
    }
  });

  it('may register an id once it is free', async () => {
    const id = freshId();
    await register(id, other.key);
    await call('DELETE', `/v1/components/${id}`, undefined, bearer(other.key));
    expect((await register(id, registrar.key)).status).toBe(201);
    expectProblem(await register(id, other.key), 409, 'id-taken');
  });

  it('keeps its component when an admin changes it', async () => {
    const id = freshId();
    await register(id, registrar.key);
    expect((await call('PATCH', `/v1/components/${id}`, { weight: 2 })).status).toBe(200);
    expect((await call('GET', `/v1/components/${id}`, undefined, bearer(registrar.key))).body.weight).toBe(2);
    await evict(env.COMPONENT_REGISTRY.getByName('task_router'));
    expect((await call('GET', `/v1/components/${id}`, undefined, bearer(registrar.key))).status).toBe(200);
    expectProblem(await call('GET', `/v1/components/${id}`, undefined, bearer(other.key)), 404, 'unknown-component');
  });

  it('revoked with cascade loses the keys it issued', async () => {
    const { id: keyId, key } = (await make({ scopes: ['registrar:task_router'] })).body;
    const id = freshId();
    const component = bearer((await register(id, key)).body.key.key);
    await call('DELETE', `/v1/keys/${keyId}?cascade=true`);
    await eventually(
      () => call('GET', `/v1/components/${id}`, undefined, component),
      ({ status }) => status === 401,
      4_000,
    );
  });
});

describe("a component's key", () => {
  it('is revoked when the component is removed', async () => {
    const id = freshId();
    await call('POST', '/v1/components', silentRegistration(id));
    const issued = await call('POST', `/v1/components/${id}/key`);
    expect(issued.status).toBe(201);
    const own = bearer(issued.body.key);
    expect((await call('GET', `/v1/components/${id}`, undefined, own)).status).toBe(200);
    await call('DELETE', `/v1/components/${id}`);
    await eventually(
      () => call('GET', `/v1/components/${id}`, undefined, own),
      ({ status }) => status === 401,
      4_000,
    );
    expect((await call('GET', `/v1/keys/${issued.body.id}`)).body.state).toBe('revoked');
  });

  it('can replace itself; the former secret stays valid for an overlap', async () => {
    const id = freshId();
    await call('POST', '/v1/components', silentRegistration(id));
    const first = (await call('POST', `/v1/components/${id}/key`)).body;
    const second = (await call('POST', `/v1/components/${id}/key`, undefined, bearer(first.key))).body;
    expect(second.id).toBe(first.id);
    for (const { key } of [first, second])
      expect((await call('GET', `/v1/components/${id}`, undefined, bearer(key))).status).toBe(200);
  });

  it('created beforehand lets the component register itself and nothing else', async () => {
    const id = freshId();
    const { key } = (await make({ scopes: [`component:${id}`] })).body;
    expect((await call('POST', '/v1/components', silentRegistration(id), bearer(key))).status).toBe(201);
    expect((await call('PATCH', `/v1/components/${id}`, { weight: 3 }, bearer(key))).status).toBe(200);
    const stranger = await call('POST', '/v1/components', silentRegistration(freshId()), bearer(key));
    expectProblem(stranger, 403, 'forbidden');
  });

  it('is valid in a heartbeat batch for its own component only', async () => {
    const [id, foreign] = [freshId(), freshId()];
    await call('POST', '/v1/components', silentRegistration(id));
    await call('POST', '/v1/components', silentRegistration(foreign));
    const { key } = (await call('POST', `/v1/components/${id}/key`)).body;
    const beats = { heartbeats: [{ id: foreign }, { id }, { id: freshId() }] };
    const { body } = await call('POST', '/v1/heartbeats', beats, bearer(key));
    expect(body.results).toMatchObject([
      { ok: false, error: { code: 'unknown-component' } },
      { ok: true, error: null },
      { ok: false, error: { code: 'unknown-component' } },
    ]);
    expect((await call('GET', `/v1/components/${foreign}/health`)).body.status).toBe('unknown');
  });
});

it("a removed component's key can register no component of any type", async () => {
  const { key } = (await make({ scopes: ['registrar:task_router'] })).body;
  const id = freshId();
  const own = bearer((await register(id, key)).body.key.key);
  expect((await call('DELETE', `/v1/components/${id}`, undefined, own)).status).toBe(204);
  const again = await call('POST', '/v1/components', silentRegistration(id, { type: 'agent_registry' }), own);
  expectProblem(again, 401, 'unauthorized');
  expectProblem(await call('GET', `/v1/components/${id}`), 404, 'unknown-component');
});
