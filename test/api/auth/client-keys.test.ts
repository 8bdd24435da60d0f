import { exports } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { CoordinatorClient } from '../../../src/client/coordinator-client.ts';
import { eventually, freshId } from '../../support/coordinator-http.ts';

const worker = exports as unknown as { default: Fetcher };
const clientWith = (key: string): CoordinatorClient =>
  new CoordinatorClient({
    baseUrl: 'https://coordinator.test',
    key,
    fetch: (url, init) => worker.default.fetch(url, init),
  });

it('CoordinatorClient creates keys, registers with one, and returns the component its own key', async () => {
  const admin = clientWith('admin-key-of-the-tests-0123456789abcdef');
  const registrar = await admin.createKey({ name: 'launcher', scopes: ['registrar:task_router'] });
  const id = freshId();
  const registration = {
    id,
    name: id,
    type: 'task_router',
    endpoint: 'https://component.example.com',
    heartbeat: { ttl: 60_000 },
    control: { endpoint: '/control', actions: ['restart' as const] },
  };
  const first = await clientWith(registrar.key).register(registration);
  expect(first).toMatchObject({ created: true, component: { id }, key: { scopes: [`component:${id}`] } });
  expect('key' in first.component).toBe(false);
  expect((await clientWith(registrar.key).register(registration)).key).toBeNull();

  const component = clientWith(first.key!.key);
  expect((await component.heartbeat(id)).status).toBe('healthy');
  expect((await component.controlSecret(id)).secret).toMatch(/^whsec_/);
  const next = clientWith((await component.issueKey(id)).key);
  expect((await next.heartbeat(id)).status).toBe('healthy');
  await expect(component.components()).rejects.toMatchObject({ status: 403, code: 'forbidden' });

  const rotated = await admin.rotateKey(registrar.id);
  expect((await clientWith(rotated.key).register(registration)).created).toBe(false);
  expect((await admin.revokeKey(registrar.id, { cascade: true })).state).toBe('revoked');
  await eventually(
    () =>
      next.heartbeat(id).then(
        () => 200,
        (error: { status: number }) => error.status,
      ),
    (status) => status === 401,
    4_000,
  );
});
