import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findOutwardCalls } from './find-outward-calls.ts';

const SRC = join(import.meta.dirname, '../../src');
/** The way out, and what does not run in the Worker. */
const MAY_CALL_OUT = /^(outbound|client|dashboard|dev|demo)\//;

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts'));

describe('the Worker', () => {
  it('fetches nothing but through src/outbound', () => {
    const wrong = sources
      .filter((file) => !MAY_CALL_OUT.test(file))
      .flatMap((file) => findOutwardCalls(readFileSync(join(SRC, file), 'utf8')).map((line) => `${file}: ${line}`));
    expect(wrong).toEqual([]);
  });

  it('calls out in one place of that room', () => {
    const places = sources.filter(
      (file) => file.startsWith('outbound/') && findOutwardCalls(readFileSync(join(SRC, file), 'utf8')).length > 0,
    );
    expect(places).toEqual(['outbound/fetch-outbound.ts']);
  });
});

describe('findOutwardCalls', () => {
  it.each([
    'const response = await fetch(url);',
    'return fetch (url, { method });',
    'await globalThis.fetch(url);',
    'self.fetch(url)',
    'const get = fetch;',
    'const get = globalThis.fetch;',
    'send(fetch, url);',
    'const tools = { fetch };',
    'new WebSocket(url)',
    'new EventSource(url)',
    "import { connect } from 'cloudflare:sockets';",
    "import { request } from 'node:https';",
    '[...urls.map((url) => fetch(url))]',
  ])('finds %j', (line) => expect(findOutwardCalls(line)).toEqual([line]));

  it.each([
    'await env.SELF.fetch(request);',
    'stub.fetch(url)',
    'this.fetch(url)',
    'fetch: app.fetch,',
    '  async fetch(request: Request): Promise<Response> {',
    '  fetch(request) {',
    'prefetch(url); refetch(url); fetchAll(url);',
    '// fetch(url)',
    '/** calls `fetch(url)` */',
    "import { fetchOutbound } from '../outbound/fetch-outbound.ts';",
  ])('leaves %j', (line) => expect(findOutwardCalls(line)).toEqual([]));
});
