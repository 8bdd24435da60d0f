import { describe, expect, it } from 'vitest';
import { callWithEnv } from '../../support/call-with-env.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectNothingStored } from '../../support/expect-nothing-stored.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const KIB = 1_024;

/** A body sent in parts without a length told beforehand; counts what was taken of it. */
function chunked(bytes: number, fill = ' '): { readonly stream: ReadableStream<Uint8Array>; taken(): number } {
  let taken = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (taken >= bytes) return controller.close();
      taken += KIB;
      controller.enqueue(new TextEncoder().encode(fill.repeat(KIB)));
    },
  });
  return { stream, taken: () => taken };
}

const jsonOf = (bytes: number): string => {
  const around = JSON.stringify({ filler: '' }).length;
  return JSON.stringify({ filler: 'x'.repeat(bytes - around) });
};

const ORIGIN = 'https://coordinator.test'.length;
const pathOf = (characters: number): string => `/v1/components?cursor=${'x'.repeat(characters)}`.slice(0, characters);
const query = (count: number): string => Array.from({ length: count }, (_, at) => `p${at}=1`).join('&');

describe('an address', () => {
  it('may have 8 KiB', async () => {
    expectProblem(await call('GET', pathOf(8 * KIB - ORIGIN)), 422, 'invalid-request');
    expectProblem(await call('GET', pathOf(8 * KIB - ORIGIN + 1)), 414, 'uri-too-long');
  });

  it('that is too long is refused everywhere and before the key, and is not sent back whole', async () => {
    const authorization = 'Bearer wrong';
    for (const path of [`/v1/${'x'.repeat(12_000)}`, `/healthz?${'x'.repeat(12_000)}`, `/${'x'.repeat(12_000)}`]) {
      const answer = await call('GET', path, undefined, { authorization });
      expectProblem(answer, 414, 'uri-too-long');
      expect(JSON.stringify(answer.body).length).toBeLessThan(2_000);
    }
  });

  it('may have 64 query parameters', async () => {
    expect((await call('GET', `/v1/health?${query(64)}`)).status).toBe(200);
    expectProblem(await call('GET', `/v1/health?${query(65)}`), 422, 'invalid-request');
    expectProblem(await call('GET', `/v1/health?${'&'.repeat(500)}`), 422, 'invalid-request');
  });

  it('that names a parameter twice is refused', async () => {
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
  ])('with %s for an id is the caller’s fault, whatever the call', async (segment) => {
    for (const [method, path] of [
      ['GET', `/v1/components/${segment}`],
      ['DELETE', `/v1/components/${segment}`],
      ['GET', `/v1/components/${segment}/health`],
      ['POST', `/v1/components/${segment}/probe`],
      ['GET', `/v1/recoveries/${segment}`],
      ['POST', `/v1/recoveries/${segment}/cancel`],
      ['GET', `/v1/incidents/${segment}`],
      ['GET', `/v1/${segment}`],
      ['GET', `/${segment}`],
      ['GET', `/v1/components?type=${segment}`],
      ['GET', `/v1/failures?componentId=${segment}`],
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
  it('may have 64 KiB, a batch of heartbeats 256 KiB', async () => {
    expectProblem(await call('POST', '/v1/route', jsonOf(64 * KIB)), 422, 'invalid-request');
    expectProblem(await call('POST', '/v1/route', jsonOf(64 * KIB + 1)), 413, 'payload-too-large');
    expectProblem(await call('POST', '/v1/heartbeats', jsonOf(256 * KIB)), 422, 'invalid-request');
    expectProblem(await call('POST', '/v1/heartbeats', jsonOf(256 * KIB + 1)), 413, 'payload-too-large');
    for (const path of ['/v1/heartbeats/', '/v1/heartbeats/x'])
      expect((await call('POST', path, jsonOf(64 * KIB + 1))).status).toBe(413);
  });

  it('is counted where its length is not told, and no further than needed', async () => {
    const endless = chunked(Number.POSITIVE_INFINITY);
    const answer = await callWithEnv({ method: 'POST', path: '/v1/route', body: endless.stream });
    expectProblem(answer, 413, 'payload-too-large');
    expect(endless.taken()).toBeLessThan(80 * KIB);
    const within = await callWithEnv({ method: 'POST', path: '/v1/route', body: chunked(10 * KIB).stream });
    expectProblem(within, 400, 'malformed-json');
  });

  it('is limited where none is expected, too', async () => {
    const path = `/v1/components/${freshId()}`;
    const body = chunked(Number.POSITIVE_INFINITY);
    expectProblem(await callWithEnv({ method: 'DELETE', path, body: body.stream }), 413, 'payload-too-large');
    expectProblem(await call('DELETE', path, 'x'.repeat(70_000)), 413, 'payload-too-large');
    expectProblem(await call('DELETE', path, 'ignored'), 404, 'unknown-component');
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
      const answer = await call('POST', '/v1/components', body, { 'content-type': type });
      expectProblem(answer, 415, 'unsupported-media-type');
    },
  );

  it('that is not UTF-8 is the caller’s fault', async () => {
    const bytes = new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]);
    const answer = await callWithEnv({ method: 'POST', path: '/v1/components', body: bytes });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });
});
