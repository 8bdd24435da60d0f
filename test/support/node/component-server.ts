/**
 * HTTP server for tests inside workerd: components with a behaviour set by the test. Its base URL is provided as
 * `componentUrl`.
 *
 * `POST /set/NAME {mode}` sets the behaviour of NAME.
 *
 * `GET /NAME/health` is its health check, `POST /NAME/control` its control endpoint, `GET /NAME/log` its received
 * requests.
 *
 * `POST /NAME/hook` receives webhooks, unless NAME is `unavailable`.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
// oxlint-disable-next-line import/no-unassigned-import -- declares the provided context
import '../provided-context.ts';

type Mode =
  | 'healthy'
  | 'degraded'
  | 'unavailable'
  | 'hang'
  | 'slow'
  | 'reset'
  | 'closes-reused'
  | 'redirect'
  | 'redirect-to-metadata'
  | 'endless'
  | 'buried-verdict'
  | 'heals-on-restart'
  | 'refuses-control'
  | 'down-refuses-control';

interface Received {
  readonly headers: Record<string, string>;
  /** Raw body. */
  readonly body: string;
}

interface Fake {
  mode: Mode;
  readonly control: unknown[];
  /** The same requests with headers and raw body. */
  readonly controlRequests: Received[];
  checks: number;
  /** Arrival times of the checks, epoch ms. */
  readonly checkedAt: number[];
  /** Headers of the last check, if any. */
  checkHeaders: Record<string, string>[];
  readonly hooks: Received[];
  /** Number of refused control requests. */
  refusals: number;
}

const SLOW_MS = 400;
/** Far beyond the part of a body that a probe reads. */
const BURIED_UNDER_BYTES = 1_048_576;

export default async function startComponentServer(project: TestProject): Promise<() => Promise<void>> {
  const fakes = new Map<string, Fake>();
  const server = createServer((request, response) => {
    void handle(fakes, request, response);
  });
  await new Promise<void>((resolve) =>
    server.listen(Number(process.env['COMPONENT_SERVER_PORT']), '127.0.0.1', resolve),
  );
  project.provide('componentUrl', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
}

async function handle(fakes: Map<string, Fake>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, first = '', second = ''] = (request.url ?? '').split('/');
  const name = first === 'set' ? second : first;
  const fake = fakes.get(name) ?? newFake();
  fakes.set(name, fake);
  if (first === 'set') {
    fake.mode = ((await readJson(request)) as { mode: Mode }).mode;
    return send(response, 200, {});
  }
  if (second === 'log') {
    const { mode: _, ...log } = fake;
    return send(response, 200, log);
  }
  const location = redirectOf(fake.mode, second);
  if (location !== null) {
    response.writeHead(302, { location }).end();
    return;
  }
  if (second === 'hook') {
    const body = await readText(request);
    if (fake.mode === 'unavailable') return send(response, 503, {});
    fake.hooks.push({ headers: request.headers as Record<string, string>, body });
    return send(response, 200, {});
  }
  if (second === 'control') {
    const body = await readText(request);
    fake.controlRequests.push({ headers: request.headers as Record<string, string>, body });
    if (fake.mode === 'refuses-control' || fake.mode === 'down-refuses-control') {
      fake.refusals++;
      return send(response, 500, {});
    }
    fake.control.push(JSON.parse(body));
    if (fake.mode === 'heals-on-restart') fake.mode = 'healthy';
    return send(response, 202, {});
  }
  fake.checks++;
  fake.checkedAt.push(Date.now());
  fake.checkHeaders = [request.headers as Record<string, string>];
  return respondToCheck(fake, request, response);
}

/** Redirect target of health checks, control calls and webhooks. */
function redirectOf(mode: Mode, path: string): string | null {
  if (mode === 'redirect') return `/elsewhere/${path}`;
  return mode === 'redirect-to-metadata' ? 'http://169.254.169.254/latest/meta-data/' : null;
}

const reusedSockets = new WeakSet();

const newFake = (): Fake => ({
  mode: 'healthy',
  control: [],
  controlRequests: [],
  hooks: [],
  checks: 0,
  checkedAt: [],
  checkHeaders: [],
  refusals: 0,
});

function respondToCheck(fake: Fake, request: IncomingMessage, response: ServerResponse): void {
  switch (fake.mode) {
    case 'healthy':
    case 'refuses-control':
      return send(response, 200, { status: 'healthy' });
    case 'degraded':
      return send(response, 200, { status: 'degraded' });
    case 'unavailable':
    case 'heals-on-restart':
    case 'down-refuses-control':
      return send(response, 503, { status: 'unhealthy' });
    case 'redirect':
    case 'redirect-to-metadata':
      return; // Handled before.
    case 'reset':
      request.socket.destroy();
      return;
    case 'closes-reused':
      // A server that closes an idle connection while the next request is under way on it.
      if (reusedSockets.has(request.socket)) request.socket.resetAndDestroy();
      else send(response, 200, { status: 'healthy' });
      reusedSockets.add(request.socket);
      return;
    case 'hang':
      return;
    case 'slow':
      setTimeout(() => send(response, 200, { status: 'healthy' }), SLOW_MS);
      return;
    case 'endless':
      return pourOut(response, Infinity);
    case 'buried-verdict':
      return pourOut(response, BURIED_UNDER_BYTES);
    default:
      return fake.mode satisfies never;
  }
}

/** Writes spaces as fast as the peer reads them, then a verdict that the prober must not wait for. */
function pourOut(response: ServerResponse, bytes: number): void {
  const block = ' '.repeat(16_384);
  let left = bytes;
  response.writeHead(200, { 'content-type': 'application/json' });
  const pour = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= block.length;
      if (!response.write(block)) return;
    }
    if (!response.destroyed) response.end(JSON.stringify({ status: 'unhealthy' }));
  };
  response.on('drain', pour);
  pour();
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  return JSON.parse(await readText(request)) as unknown;
}
