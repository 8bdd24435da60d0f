import { describe, expect, it } from 'vitest';
import { requestClass, waitsOutside } from '../../../src/core/access/request-class.ts';

describe('requestClass', () => {
  it.each([
    ['GET', '/v1/components', 'list'],
    ['HEAD', '/v1/components', 'list'],
    ['GET', '/v1/components/', 'list'],
    ['GET', '/v1/failures', 'list'],
    ['GET', '/v1/events', 'list'],
    ['GET', '/v1/load', 'list'],
    ['GET', '/v1/leases', 'list'],
    ['GET', '/v1/anything-new', 'list'],
    ['GET', '/v1/health', 'lookup'],
    ['GET', '/v1/components/a', 'lookup'],
    ['GET', '/v1/components/a/health', 'lookup'],
    ['GET', '/v1/failures/stats', 'lookup'],
    ['GET', '/v1/leases/a', 'lookup'],
    ['OPTIONS', '/v1/components/a', 'lookup'],
    ['POST', '/v1/components', 'change'],
    ['PUT', '/v1/components/a', 'change'],
    ['PATCH', '/v1/components/a', 'change'],
    ['DELETE', '/v1/components/a', 'change'],
    ['POST', '/v1/components/a/failures', 'change'],
    ['POST', '/v1/recoveries/a/cancel', 'change'],
    ['POST', '/v1/anything-new', 'change'],
    ['POST', '/v1/route', 'traffic'],
    ['POST', '/v1/heartbeats', 'traffic'],
    ['POST', '/v1/components/a/heartbeat', 'traffic'],
    ['POST', '/v1/leases', 'traffic'],
    ['DELETE', '/v1/leases/a', 'traffic'],
    ['POST', '/v1/leases/a/outcome', 'traffic'],
    ['POST', '/v1/outcomes', 'traffic'],
  ] as const)('%s %s is %s', (method, path, expected) => {
    expect(requestClass(method, path)).toBe(expected);
  });

  it("is independent of the component's id", () => {
    for (const id of ['route', 'heartbeat', 'leases', 'outcomes'])
      expect(requestClass('PUT', `/v1/components/${id}`)).toBe('change');
  });

  it('classifies any path and method', () => {
    for (const path of ['', '/', '//', '/v1', '/v1/', '/v1//', '/v1//a']) {
      expect(['list', 'lookup']).toContain(requestClass('GET', path));
      expect(requestClass('BREW', path)).toBe('change');
    }
  });
});

it.each([
  ['POST', '/v1/components/a/probe', true],
  ['POST', '/v1/components/probe/actions', true],
  ['POST', '/v1/webhooks/h/test', true],
  ['GET', '/v1/components/a/probe', false],
  ['POST', '/v1/components/a/heartbeat', false],
  ['POST', '/v1/components', false],
] as const)('%s %s waits for something outside: %s', (method, path, waits) => {
  expect(waitsOutside(method, path)).toBe(waits);
});
