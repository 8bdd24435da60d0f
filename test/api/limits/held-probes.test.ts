import { afterAll, beforeAll, expect, it } from 'vitest';
import { MAX_HELD } from '../../../src/core/access/load-shedding.ts';
import { MAX_WAITING_PROBES } from '../../../src/core/quota/on-demand-quota.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, freshId, registrationFor, setMode } from '../../support/coordinator-http.ts';
import { freshRegistry } from '../../registry/fresh-registry.ts';

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const type = 'agent_registry';
/** One registrar's key that has many components: more than the lists that an isolate serves at once, over ten. */
const COMPONENTS = 22;

let ids: string[] = [];
let registrar = bearer('');
let viewer = bearer('');

beforeAll(async () => {
  ids = Array.from({ length: COMPONENTS }, () => freshId());
  registrar = bearer((await call('POST', '/v1/keys', { name: 'r', scopes: [`registrar:${type}`] })).body.key);
  viewer = bearer((await call('POST', '/v1/keys', { name: 'v', scopes: ['viewer', 'router'] })).body.key);
  for (const id of ids) await setMode(id, 'slow');
  for (const id of ids) {
    const healthCheck = { ...(registrationFor(id)['healthCheck'] as object), timeout: 3_000, retries: 0 };
    await call('POST', '/v1/components', registrationFor(id, { type, healthCheck }), registrar);
  }
});

afterAll(async () => {
  for (const id of ids) await call('DELETE', `/v1/components/${id}`);
});

it('a key that holds many checks on demand open is limited itself, and others are served', async () => {
  const held: Promise<ApiResponse>[] = [];
  for (let round = 0; round < 10; round++)
    for (const id of ids) held.push(call('POST', `/v1/components/${id}/probe`, undefined, registrar));
  const firstRefused = await Promise.race(
    held.map((each) =>
      each.then((response) => (response.status === 429 ? response : new Promise<never>(() => undefined))),
    ),
  );
  expect(['too-many-in-flight', 'too-many-probes']).toContain(firstRefused.body.code);
  const reads = await Promise.all([
    call('GET', '/v1/components', undefined, viewer),
    call('GET', `/v1/components/${ids[0]}/health`, undefined, viewer),
    call('GET', '/v1/health', undefined, viewer),
    call('POST', '/v1/route', { type }, viewer),
  ]);
  for (const { status, body } of reads) expect(body.code ?? status).not.toBe('overloaded');
  const waited = (await Promise.all(held)).filter(({ status }) => status === 200);
  expect(waited.length).toBeLessThanOrEqual(2 * MAX_HELD.ofAccount);
});

it('checks on demand that wait are bounded per account in a type, and the account of others is free', async () => {
  const registry = freshRegistry();
  const many = Array.from({ length: 10 }, () => freshId());
  const healthCheck = { ...(registrationFor('x')['healthCheck'] as object), timeout: 3_000, retries: 0 };
  for (const id of many) {
    await setMode(id, 'slow');
    await registry.register(id, {
      healthCheck: { ...healthCheck, endpoint: `${registrationFor(id)['endpoint'] as string}/health` },
    });
  }
  const probes = many.flatMap((id) => [0, 1, 2, 3].map(() => registry.api.probe(id, null, 'attacker')));
  const refused = await Promise.race(
    probes.map((each) => each.then((result) => (result.ok ? new Promise<never>(() => undefined) : result))),
  );
  expect(refused).toMatchObject({ reason: 'too-many-probes', retryAfterMs: 1_000 });
  expect((await registry.api.probe(many[0]!, null, 'other')).ok).toBe(true);
  const admitted = (await Promise.all(probes)).filter(({ ok }) => ok);
  expect(admitted).toHaveLength(MAX_WAITING_PROBES.ofAccount);
  // Every end frees its place.
  expect((await registry.api.probe(many[1]!, null, 'attacker')).ok).toBe(true);
});
