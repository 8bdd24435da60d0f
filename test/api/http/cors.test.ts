import { describe, expect, it, vi } from 'vitest';
import { callWithEnv } from '../../support/call-with-env.ts';
import { expectProblem } from '../../support/expect-problem.ts';

const LISTED = 'https://ops.example.com';
const env = { CORS_ORIGINS: ` ${LISTED}, http://localhost:5173 ` };

const preflight = (origin: string, CORS_ORIGINS: unknown = env.CORS_ORIGINS) =>
  callWithEnv({
    env: { CORS_ORIGINS },
    method: 'OPTIONS',
    path: '/v1/components',
    headers: { authorization: null, origin, 'access-control-request-method': 'POST' },
  });

const corsHeaders = (headers: Headers): string[] =>
  [...headers.keys()].filter((name) => name.startsWith('access-control-'));

describe('a page of a listed origin', () => {
  it('gets a preflight response without a key', async () => {
    const { status, headers } = await preflight(LISTED);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(LISTED);
    expect(headers.get('access-control-allow-headers')).toBe(
      // All request headers that the client, browsers and tracing libraries send from a page.
      'authorization,cache-control,content-type,if-match,if-none-match,last-event-id,traceparent,tracestate,x-request-id',
    );
    expect(headers.get('access-control-allow-methods')).toBe('GET,HEAD,POST,PUT,PATCH,DELETE');
    expect(headers.get('access-control-max-age')).toBe('600');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(headers.get('vary')).toContain('Origin');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-request-id')).toMatch(/./);
  });

  it.each([
    ['a response', '/v1/components', 'Bearer admin-key-of-the-tests-0123456789abcdef', 200],
    ['a problem', '/v1/components/none', 'Bearer admin-key-of-the-tests-0123456789abcdef', 404],
    ['a refusal', '/v1/components', null, 401],
    ['liveness', '/healthz', null, 200],
    ['the contract', '/openapi.json', null, 200],
  ])('may read %s', async (_, path, authorization, expected) => {
    for (const origin of [LISTED, 'http://localhost:5173']) {
      const { status, headers } = await callWithEnv({ env, path, headers: { authorization, origin } });
      expect(status).toBe(expected);
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(headers.get('access-control-expose-headers')).toBe('etag,location,retry-after,x-request-id');
      expect(headers.get('access-control-allow-credentials')).toBeNull();
      expect(headers.get('vary')).toBe('Origin');
    }
  });

  it('gets no preflight response for a plain OPTIONS request', async () => {
    const headers = { origin: LISTED };
    expectProblem(
      await callWithEnv({ env, method: 'OPTIONS', path: '/v1/components', headers }),
      405,
      'method-not-allowed',
    );
  });
});

describe('any other origin', () => {
  it.each([
    'https://ops.example.com.evil.test',
    'https://evil.test',
    'http://ops.example.com',
    'https://ops.example.com:8443',
    'https://OPS.example.com',
    'null',
    '*',
    '',
  ])('%j gets no CORS headers', async (origin) => {
    const refused = await preflight(origin);
    expectProblem(refused, 401, 'unauthorized');
    const read = await callWithEnv({ env, path: '/v1/components', headers: { origin } });
    expect(read.status).toBe(200);
    for (const { headers } of [refused, read]) {
      expect(corsHeaders(headers)).toEqual([]);
      expect(headers.get('vary')).toBe('Origin');
    }
  });

  it.each([undefined, '', ' , '])('gets no CORS headers when none is listed (%j)', async (CORS_ORIGINS) => {
    const { headers } = await callWithEnv({
      env: { CORS_ORIGINS },
      path: '/v1/components',
      headers: { origin: LISTED },
    });
    expect(corsHeaders(headers)).toEqual([]);
    expect(headers.get('vary')).toBeNull();
  });

  it('is not allowed by an entry that is not an origin, which is logged', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const listed =
      '*, null, https://*.example.com, https://a.test/path, https://b.test/, ops.example.com, file://, https://good.test';
    for (const origin of [
      '*',
      'null',
      'https://x.example.com',
      'https://*.example.com',
      'https://a.test',
      'https://b.test',
      'file://',
    ])
      expect(corsHeaders((await preflight(origin, listed)).headers)).toEqual([]);
    expect((await preflight('https://good.test', listed)).status).toBe(204);
    expect(log).toHaveBeenCalledTimes(1);
    log.mockRestore();
  });
});
