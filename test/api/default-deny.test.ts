import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { contractOperations } from '../support/contract-operations.ts';

const PERMISSIONS = [
  'public',
  'any-key',
  'read',
  'read-component',
  'route',
  'report',
  'register',
  'change-component',
  'operate',
  'administer',
];
const MIDDLEWARE = ['*', '/*', '/v1/*'];

describe('a route', () => {
  it('is declared with a permission, or is not there', () => {
    const declared = new Map(
      contractOperations().map(({ method, path, permission }) => [
        `${method} ${path.replaceAll(/\{([^}]+)\}/g, ':$1')}`,
        permission,
      ]),
    );
    const mounted = createApp().routes.filter(({ path }) => !MIDDLEWARE.includes(path) && path !== '/openapi.json');
    expect(mounted.length).toBeGreaterThan(0);
    for (const { method, path } of mounted)
      expect(PERMISSIONS, `${method} ${path}`).toContain(declared.get(`${method} ${path}`));
  });

  it('is public only where it must be', () => {
    const open = contractOperations().filter(({ permission }) => permission === 'public');
    expect(open.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /healthz']);
  });

  it.each(['/v1/undeclared', '/v1/undeclared/below', '/v1/wild/x/y'])(
    'without a declaration is closed to everybody: %s',
    async (path) => {
      const app = createApp();
      app.get('/v1/undeclared', (c) => c.text('open'));
      app.get('/v1/undeclared/:id', (c) => c.text('open'));
      app.all('/v1/wild/*', (c) => c.text('open'));
      for (const authorization of ['Bearer test-admin-key', 'Bearer wrong', '']) {
        const request = new Request(`https://coordinator.test${path}`, { headers: { authorization } });
        const response = await app.fetch(request, env, createExecutionContext());
        expect(response.status).toBe(authorization === 'Bearer test-admin-key' ? 403 : 401);
        expect(await response.text()).not.toBe('open');
      }
    },
  );
});
