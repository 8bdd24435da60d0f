/**
 * A real HTTP server beside the tests that run inside workerd: components with the behaviour that a
 * test asks for. Its base URL is provided as `componentUrl`.
 *
 * `POST /set/NAME {mode}` changes how NAME answers; `GET /NAME/health` is its health check;
 * `POST /NAME/control` its control endpoint; `GET /NAME/log` what it was asked to do.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';

type Mode = 'healthy' | 'degraded' | 'unavailable' | 'hang' | 'reset' | 'redirect' | 'heals-on-restart' | 'refuses-control';

declare module 'vitest' {
  export interface ProvidedContext {
    componentUrl: string;
  }
}

interface Fake {
  mode: Mode;
  readonly control: unknown[];
  checks: number;
}

export default async function startComponentServer(project: TestProject): Promise<() => Promise<void>> {
  const fakes = new Map<string, Fake>();
  const server = createServer((request, response) => {
    void handle(fakes, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  project.provide('componentUrl', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
}

async function handle(fakes: Map<string, Fake>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, first = '', second = ''] = (request.url ?? '').split('/');
  const name = first === 'set' ? second : first;
  const fake = fakes.get(name) ?? { mode: 'healthy', control: [], checks: 0 };
  fakes.set(name, fake);
  if (first === 'set') {
    fake.mode = ((await readJson(request)) as { mode: Mode }).mode;
    return send(response, 200, {});
  }
  if (second === 'log') return send(response, 200, { control: fake.control, checks: fake.checks });
  if (second === 'control') {
    const order = await readJson(request);
    if (fake.mode === 'refuses-control') return send(response, 500, {});
    fake.control.push(order);
    if (fake.mode === 'heals-on-restart') fake.mode = 'healthy';
    return send(response, 202, {});
  }
  fake.checks++;
  return answerHealth(fake.mode, request, response);
}

function answerHealth(mode: Mode, request: IncomingMessage, response: ServerResponse): void {
  switch (mode) {
    case 'healthy':
    case 'refuses-control':
      return send(response, 200, { status: 'healthy' });
    case 'degraded':
      return send(response, 200, { status: 'degraded' });
    case 'unavailable':
    case 'heals-on-restart':
      return send(response, 503, { status: 'unhealthy' });
    case 'redirect':
      response.writeHead(302, { location: '/elsewhere/health' }).end();
      return;
    case 'reset':
      request.socket.destroy();
      return;
    case 'hang':
      return;
    default:
      return mode satisfies never;
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text) as unknown;
}
