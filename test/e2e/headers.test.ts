/** Headers and limits over real HTTP, including the files that the platform serves. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../src/dev/project-root.ts';
import { ownCoordinator } from '../support/node/own-coordinator.ts';

const coordinator = ownCoordinator();

it('the page, its files and the API have strict headers', async () => {
  const page = await fetch(coordinator().url);
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(await page.text())?.[1];
  expect(script).toBeDefined();
  for (const path of ['/', script!, '/favicon.svg', '/healthz', '/openapi.json', '/v1/components', '/no-such-page']) {
    const { headers } = await fetch(new URL(path, coordinator().url));
    expect(headers.get('content-security-policy'), path).toContain("default-src 'none'");
    expect(headers.get('x-content-type-options'), path).toBe('nosniff');
    expect(headers.get('x-frame-options'), path).toBe('DENY');
    expect(headers.get('strict-transport-security'), path).toContain('max-age=31536000');
    expect(headers.get('permissions-policy'), path).toContain('camera=()');
    expect([headers.get('server'), headers.get('x-powered-by')], path).toEqual([null, null]);
  }
  expect((await fetch(new URL(script!, coordinator().url))).headers.get('cache-control')).toContain('immutable');
  expect((await fetch(coordinator().url)).headers.get('cache-control')).not.toContain('immutable');
});

it('the page keeps its headers during another build in the same directory', async () => {
  const building = buildPage();
  const seen = new Set<string | null>();
  do {
    const response = await fetch(coordinator().url);
    await response.body?.cancel();
    seen.add(response.headers.get('x-frame-options'));
  } while (await isPending(building));
  expect(await building).toBe(0);
  // The server reloads files a moment after they change.
  for (let attempt = 0; attempt < 20; attempt += 1) {
    await sleep(50);
    seen.add((await fetch(coordinator().url, { method: 'HEAD' })).headers.get('x-frame-options'));
  }
  expect([...seen]).toEqual(['DENY']);
});

/** Builds the page, as every starting coordinator does; resolves with the exit code. */
async function buildPage(): Promise<number> {
  const child = spawn('npm', ['run', '--silent', 'build'], { cwd: PROJECT_ROOT, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  return code;
}

const isPending = (work: Promise<unknown>): Promise<boolean> =>
  Promise.race([work.then(() => false), sleep(10).then(() => true)]);

interface RawCall {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request as given. `fetch` refuses a body with GET and sets content-length itself. */
function rawCall({ method, path, headers, body }: RawCall): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const authorization = `Bearer ${coordinator().key}`;
  const call = request(
    new URL(path, coordinator().url),
    { agent: false, method, headers: { authorization, ...headers } },
    (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    },
  );
  call.once('error', reject);
  call.end(body);
  return promise;
}

it('bodies are limited with and without content-length', async () => {
  const json = { 'content-type': 'application/json' };
  const chunked = { ...json, 'transfer-encoding': 'chunked' };
  const big = 'x'.repeat(100_000);
  expect(await rawCall({ method: 'POST', path: '/v1/route', headers: chunked, body: big })).toBe(413);
  expect(await rawCall({ method: 'GET', path: '/v1/components', headers: chunked, body: big })).toBeLessThan(500);
  expect(
    await rawCall({ method: 'GET', path: '/v1/components', headers: { 'transfer-encoding': 'chunked' }, body: '{}' }),
  ).toBe(200);
  expect(
    await rawCall({ method: 'POST', path: '/v1/route', headers: { ...json, 'content-encoding': 'gzip' }, body: '{}' }),
  ).toBe(415);
  expect(await rawCall({ method: 'GET', path: `/v1/components?cursor=${'x'.repeat(9_000)}` })).toBe(414);
});
