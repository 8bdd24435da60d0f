/** Deny by default under /v1: every mounted route declares a permission; a route without a declaration is closed. */
import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../../src/api/app.ts';
import { callWithEnv } from '../../support/call-with-env.ts';
import { contractOperations } from '../../support/contract-operations.ts';
import { call } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';

/** Permission of each route, by hand: the access matrix trusts the declarations, this test checks them. */
const ROUTES_BY_PERMISSION: Readonly<Record<string, readonly string[]>> = {
  public: ['GET /healthz'],
  'any-key': ['POST /v1/session', 'GET /v1/session', 'DELETE /v1/session'],
  read: [
    'GET /v1/health',
    'GET /v1/load',
    'GET /v1/leases',
    'GET /v1/events',
    'GET /v1/events/stream',
    'GET /v1/events/socket',
    'GET /v1/snapshot',
    'GET /v1/components',
    'GET /v1/failures',
    'GET /v1/failures/stats',
    'GET /v1/recoveries',
    'GET /v1/recoveries/{id}',
    'GET /v1/incidents',
    'GET /v1/incidents/{id}',
    'GET /v1/silences',
    'GET /v1/drills',
    'GET /v1/drills/{id}',
    'GET /v1/config',
    'GET /v1/config/types/{type}',
    'GET /v1/config/components/{id}',
    'GET /v1/config/components/{id}/history',
  ],
  'read-component': ['GET /v1/components/{id}', 'GET /v1/components/{id}/health', 'GET /v1/components/{id}/config'],
  route: [
    'POST /v1/route',
    'POST /v1/leases/{id}/complete',
    'POST /v1/leases/{id}/renew',
    'POST /v1/components/{id}/outcomes',
  ],
  report: ['POST /v1/components/{id}/failures'],
  register: ['POST /v1/components'],
  'change-component': [
    'PUT /v1/components/{id}',
    'PATCH /v1/components/{id}',
    'DELETE /v1/components/{id}',
    'POST /v1/components/{id}/heartbeat',
    'POST /v1/heartbeats',
    'POST /v1/components/{id}/probe',
    'POST /v1/components/{id}/key',
    'GET /v1/components/{id}/control-secret',
    'POST /v1/components/{id}/control-secret/rotate',
  ],
  operate: [
    'POST /v1/recoveries/{id}/cancel',
    'POST /v1/incidents/{id}/acknowledge',
    'POST /v1/incidents/{id}/resolve',
    'POST /v1/silences',
    'DELETE /v1/silences/{id}',
    'POST /v1/drills',
    'GET /v1/webhooks',
    'GET /v1/webhooks/{id}',
    'GET /v1/webhooks/{id}/deliveries',
    'POST /v1/webhooks/{id}/deliveries/{deliveryId}/replay',
    'POST /v1/webhooks/{id}/replay',
    'POST /v1/webhooks/{id}/test',
    'POST /v1/load/redistribute',
  ],
  administer: [
    'POST /v1/keys',
    'GET /v1/keys',
    'GET /v1/keys/{id}',
    'PATCH /v1/keys/{id}',
    'POST /v1/keys/{id}/rotate',
    'DELETE /v1/keys/{id}',
    'GET /v1/audit',
    'PUT /v1/config',
    'PUT /v1/config/types/{type}',
    'POST /v1/webhooks',
    'PATCH /v1/webhooks/{id}',
    'DELETE /v1/webhooks/{id}',
    'POST /v1/webhooks/{id}/rotate-secret',
    'PUT /v1/config/components/{id}',
    'DELETE /v1/config/components/{id}',
    'POST /v1/config/rollback',
    'POST /v1/config/types/{type}/rollback',
    'POST /v1/config/components/{id}/rollback',
  ],
};
const PERMISSIONS = Object.keys(ROUTES_BY_PERMISSION);
const MIDDLEWARE = ['*', '/*', '/v1/*'];
const ADMIN = 'Bearer admin-key-of-the-tests-0123456789abcdef';

const patternOf = (path: string): string => path.replaceAll(/\{([^}]+)\}/g, ':$1');
const operations = contractOperations();
const isMiddleware = ({ path }: { readonly path: string }): boolean => MIDDLEWARE.includes(path);
const isVersioned = ({ path }: { readonly path: string }): boolean => path === '/v1' || path.startsWith('/v1/');

describe('a mounted route', () => {
  const mounted = createApp().routes.filter((route) => isVersioned(route) && !isMiddleware(route));

  it('declares an existing permission', () => {
    const declared = new Map(
      operations.map(({ method, path, permission }) => [`${method} ${patternOf(path)}`, permission]),
    );
    expect(mounted.length).toBeGreaterThan(0);
    for (const { method, path } of mounted)
      expect(PERMISSIONS, `${method} ${path}`).toContain(declared.get(`${method} ${path}`));
  });

  it('outside /v1 is liveness or the contract only', () => {
    const outside = createApp().routes.filter((route) => !isVersioned(route) && !isMiddleware(route));
    expect([...new Set(outside.map(({ method, path }) => `${method} ${path}`))].toSorted()).toEqual([
      'GET /healthz',
      'GET /openapi.json',
    ]);
  });

  it('declares the permission listed here', () => {
    const declared = new Map(operations.map(({ method, path, permission }) => [`${method} ${path}`, permission]));
    for (const [permission, names] of Object.entries(ROUTES_BY_PERMISSION))
      for (const name of names) expect(declared.get(name), name).toBe(permission);
  });

  it('is public only for liveness', () => {
    const open = operations.filter(({ permission }) => permission === 'public');
    expect(open.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /healthz']);
  });

  // The last matching route determines the permission, the first one the handler.
  it.each(operations)('is the only match for $method $path', ({ method, path }) => {
    const [matched] = createApp().router.match(method, path.replaceAll(/\{[^}]+\}/g, 'any'));
    const patterns = matched.map(([[, route]]) => route).filter((route) => !isMiddleware(route));
    expect([...new Set(patterns.map((route) => `${route.method} ${route.path}`))]).toEqual([
      `${method} ${patternOf(path)}`,
    ]);
  });

  it('is never mounted under a middleware pattern', async () => {
    expect(createApp().routes.filter((route) => isMiddleware(route) && route.method !== 'ALL')).toEqual([]);
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
      for (const path of ['/v1', '/v1/no-such-route', '/v1/no-such-route/below'])
        expectProblem(await call(method, path), 404, 'not-found');
  });
});

describe('a route without a declaration', () => {
  const app = createApp();
  app.get('/v1/undeclared', (c) => c.text('open'));
  app.all('/v1/undeclared/*', (c) => c.text('open'));
  // Overlaps a declared route: the path is closed whichever handler would run.
  app.get('/v1/:any', (c) => c.text('open'));

  const send = (method: string, path: string, authorization: string): Promise<Response> =>
    Promise.resolve(
      app.fetch(
        new Request(`https://coordinator.test${path}`, { method, headers: { authorization } }),
        env,
        createExecutionContext(),
      ),
    );

  it.each([
    ['GET', '/v1/undeclared'],
    ['HEAD', '/v1/undeclared'],
    ['GET', '/v1/undeclared/below'],
    ['POST', '/v1/undeclared/below/it'],
    ['DELETE', '/v1/undeclared'],
    ['GET', '/v1/health'],
  ])('is closed to every caller: %s %s', async (method, path) => {
    for (const [authorization, status] of [
      [ADMIN, 403],
      ['Bearer wrong', 401],
      ['', 401],
    ] as const) {
      const response = await send(method, path, authorization);
      expect({ authorization, status: response.status }).toEqual({ authorization, status });
      expect(await response.text()).not.toBe('open');
    }
  });
});

describe('a path that only resembles a route', () => {
  it.each([
    '//v1/components',
    '/V1/components',
    '/v1//components',
    '/%761/components',
    '/v1/%63omponents',
    '/./v1/load',
  ])('grants no access: %s', async (path) => {
    expect([401, 404]).toContain((await call('GET', path, undefined, { authorization: '' })).status);
  });

  describe('requested with HEAD instead of GET', () => {
    let router: string;
    beforeAll(async () => {
      router = `Bearer ${(await call('POST', '/v1/keys', { name: 'head', scopes: ['router'] })).body.key}`;
    });

    it.each(operations.filter(({ method, path }) => method === 'GET' && path !== '/healthz'))(
      'requires the same permission: $path',
      async ({ path: pattern }) => {
        const path = pattern.replaceAll(/\{[^}]+\}/g, 'any');
        expect((await callWithEnv({ method: 'HEAD', path, headers: { authorization: null } })).status).toBe(401);
        const headers = { authorization: router };
        const [head, get] = [
          await callWithEnv({ method: 'HEAD', path, headers }),
          await callWithEnv({ path, headers }),
        ];
        expect(head.status).toBe(get.status);
      },
    );
  });
});
