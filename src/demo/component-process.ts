/**
 * The program of one demo component: an HTTP server in its own process.
 *
 * Serves `GET /health` and `POST /task` (some milliseconds of work). The demo makes the component fail by
 * `POST /fault { mode: "503" | "none" }`. Listens on loopback only, and ends with the demo. With `REGISTRATION` (JSON),
 * the component registers itself at `COORDINATOR_URL` with `COORDINATOR_KEY`.
 */
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJson } from './read-json.ts';

const { COMPONENT_ID: id = 'component', PORT = '0', BOOT_MS = '0' } = process.env;
const MIN_WORK_MS = 5;
const MAX_WORK_MS = 30;

let isFailing = false;

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const call = `${request.method} ${request.url}`;
  if (call === 'POST /fault') {
    isFailing = (await readJson(request))['mode'] === '503';
    return sendJson(response, 200, { mode: isFailing ? '503' : 'none' });
  }
  if (isFailing) return sendJson(response, 503, { status: 'unhealthy', error: 'failing on request' });
  if (call === 'GET /health') return sendJson(response, 200, { status: 'healthy' });
  if (call === 'POST /task') {
    const { taskId } = await readJson(request);
    await sleep(MIN_WORK_MS + Math.random() * (MAX_WORK_MS - MIN_WORK_MS));
    return sendJson(response, 200, { taskId, by: id });
  }
  return sendJson(response, 404, { error: 'not found' });
}

process.once('disconnect', () => process.exit(0));
await sleep(Number(BOOT_MS));

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => sendJson(response, 400, { error: String(error) }));
});
// Longer than any pause between two calls: no caller may send on a connection that the server is closing.
server.keepAliveTimeout = 120_000;
server.listen(Number(PORT), '127.0.0.1', () => {
  process.send?.('listening');
  void selfRegister();
});

async function selfRegister(): Promise<void> {
  const { REGISTRATION: body, COORDINATOR_URL: url, COORDINATOR_KEY: key } = process.env;
  if (body === undefined || url === undefined) return;
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  for (let pauseMs = 250; ; pauseMs = Math.min(2 * pauseMs, 10_000)) {
    try {
      const { ok, status } = await fetch(`${url}/v1/components`, { method: 'POST', headers, body });
      if (ok) return;
      console.error(`${id}: registration failed, HTTP ${status}`);
    } catch (error) {
      console.error(`${id}: registration failed, ${String(error)}`);
    }
    await sleep(pauseMs);
  }
}
