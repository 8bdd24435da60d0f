import { describe, expect, it } from 'vitest';
import { callWithEnv } from '../../support/call-with-env.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectNothingStored } from '../../support/expect-nothing-stored.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const KIB = 1_024;

/** A chunked body without content-length; counts the bytes pulled from it. */
function chunked(bytes: number, fill = ' '): { readonly stream: ReadableStream<Uint8Array>; pulled(): number } {
  let pulled = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (pulled >= bytes) return controller.close();
      pulled += KIB;
      controller.enqueue(new TextEncoder().encode(fill.repeat(KIB)));
    },
  });
  return { stream, pulled: () => pulled };
}

const jsonOf = (bytes: number): string => {
  const around = JSON.stringify({ filler: '' }).length;
  return JSON.stringify({ filler: 'x'.repeat(bytes - around) });
};

const ORIGIN = 'https://coordinator.test'.length;
const pathOf = (characters: number): string => `/v1/components?cursor=${'x'.repeat(characters)}`.slice(0, characters);
const query = (count: number): string => Array.from({ length: count }, (_, at) => `p${at}=1`).join('&');

describe('a URL', () => {
  it('has at most 8 KiB', async () => {
    expectProblem(await call('GET', pathOf(8 * KIB - ORIGIN)), 422, 'invalid-request');
    expectProblem(await call('GET', pathOf(8 * KIB - ORIGIN + 1)), 414, 'uri-too-long');
  });

  it('that is too long is refused on every path, before the key check, and not quoted whole', async () => {
    const authorization = 'Bearer wrong';
    for (const path of [`/v1/${'x'.repeat(12_000)}`, `/healthz?${'x'.repeat(12_000)}`, `/${'x'.repeat(12_000)}`]) {
      const response = await call('GET', path, undefined, { authorization });
      expectProblem(response, 414, 'uri-too-long');
      expect(JSON.stringify(response.body).length).toBeLessThan(2_000);
    }
  });

  it('has at most 64 query parameters', async () => {
    expect((await call('GET', `/healthz?${query(64)}`)).status).toBe(200);
    expectProblem(await call('GET', `/v1/health?${query(65)}`), 422, 'invalid-request');
    expectProblem(await call('GET', `/v1/health?${'&'.repeat(500)}`), 422, 'invalid-request');
  });

  it('with a repeated parameter is refused', async () => {
    expectProblem(await call('GET', '/v1/components?limit=1&limit=2'), 422, 'invalid-request');
  });

  it.each([
    '%2F',
    'a%2Fb',
    '..%2F..',
    '%00',
    'a%00b',
    '%ff',
    '%',
    '%zz',
    '%c0%af',
    '%ED%A0%80',
    '%25',
    '%252F',
    '..%5C',
    '%0a',
    '%20',
  ])('with %s as an id causes no server error in any call', async (encodedId) => {
    for (const [method, path] of [
      ['GET', `/v1/components/${encodedId}`],
      ['DELETE', `/v1/components/${encodedId}`],
      ['GET', `/v1/components/${encodedId}/health`],
      ['POST', `/v1/components/${encodedId}/probe`],
      ['GET', `/v1/recoveries/${encodedId}`],
      ['POST', `/v1/recoveries/${encodedId}/cancel`],
      ['GET', `/v1/incidents/${encodedId}`],
      ['GET', `/v1/${encodedId}`],
      ['GET', `/${encodedId}`],
      ['GET', `/v1/components?type=${encodedId}`],
      ['GET', `/v1/failures?componentId=${encodedId}`],
    ] as const) {
      const { status } = await call(method, path);
      expect(status >= 400 ? 'refused' : `taken ${status}`, `${method} ${path}`).toBe(
        path.includes('?') && status === 200 ? 'taken 200' : 'refused',
      );
      expect(status, `${method} ${path}`).toBeLessThan(500);
    }
  });
});

describe('a body', () => {
  it('has at most 64 KiB, or 256 KiB for a batch of heartbeats', async () => {
    expectProblem(await call('POST', '/v1/route', jsonOf(64 * KIB)), 422, 'invalid-request');
    expectProblem(await call('POST', '/v1/route', jsonOf(64 * KIB + 1)), 413, 'payload-too-large');
    expectProblem(await call('POST', '/v1/heartbeats', jsonOf(256 * KIB)), 422, 'invalid-request');
    expectProblem(await call('POST', '/v1/heartbeats', jsonOf(256 * KIB + 1)), 413, 'payload-too-large');
    for (const path of ['/v1/heartbeats/', '/v1/heartbeats/x'])
      expect((await call('POST', path, jsonOf(64 * KIB + 1))).status).toBe(413);
  });

  it('without content-length is counted, and read no further than the limit', async () => {
    const endless = chunked(Number.POSITIVE_INFINITY);
    const response = await callWithEnv({ method: 'POST', path: '/v1/route', body: endless.stream });
    expectProblem(response, 413, 'payload-too-large');
    expect(endless.pulled()).toBeLessThan(80 * KIB);
    const within = await callWithEnv({ method: 'POST', path: '/v1/route', body: chunked(10 * KIB).stream });
    expectProblem(within, 400, 'malformed-json');
  });

  it('is also limited for calls that expect none', async () => {
    const path = `/v1/components/${freshId()}`;
    const body = chunked(Number.POSITIVE_INFINITY);
    expectProblem(await callWithEnv({ method: 'DELETE', path, body: body.stream }), 413, 'payload-too-large');
    expectProblem(await call('DELETE', path, 'x'.repeat(70_000)), 413, 'payload-too-large');
    expectProblem(await call('DELETE', path, 'unread'), 422, 'invalid-request');
  });

  it.each(['gzip', 'br', 'deflate', 'zstd', 'gzip, identity', 'x'])(
    'is refused under content-encoding %s',
    async (encoding) => {
      const id = freshId();
      const headers = { 'content-encoding': encoding };
      for (const path of ['/v1/components', '/v1/heartbeats'])
        expectProblem(
          await callWithEnv({ method: 'POST', path, body: JSON.stringify(silentRegistration(id)), headers }),
          415,
          'unsupported-media-type',
        );
      await expectNothingStored(id);
    },
  );

  it.each(['application/json, text/plain', 'text/plain, application/json', 'application/json/x', 'text/json', 'json'])(
    'is refused under content-type %s',
    async (type) => {
      const body = JSON.stringify(silentRegistration(freshId()));
      const response = await call('POST', '/v1/components', body, { 'content-type': type });
      expectProblem(response, 415, 'unsupported-media-type');
    },
  );

  it('that is not UTF-8 gets a 4xx', async () => {
    const bytes = new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]);
    const response = await callWithEnv({ method: 'POST', path: '/v1/components', body: bytes });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
  });
});
