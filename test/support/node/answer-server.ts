/**
 * Server of all health check responses in `../health-answers`, over real sockets. `GET /N` returns response N of the
 * table. `GET /stats` returns the bytes that the peer read by response, and the memory of the runtime. Provided as
 * `healthResponses`.
 */
import { execFileSync } from 'node:child_process';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TestProject } from 'vitest/node';
import { HEALTH_RESPONSES } from '../health-answers/health-answers.ts';
import type { HealthResponseCase } from '../health-answers/health-answer.ts';
// oxlint-disable-next-line import/no-unassigned-import -- declares the provided context
import '../provided-context.ts';
import { PLAYS } from './answer-plays.ts';
import { selfSigned } from './self-signed.ts';

const REQUEST_LINE = /^[A-Z]+ \/(\w+)[^\r\n]*\r\n/;

export default async function startResponseServer(project: TestProject): Promise<() => Promise<void>> {
  /** Bytes that peers read, by index of the response. */
  const bytesRead = new Map<number, number>();
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // The prober hangs up once it has read enough.
    socket.on('error', () => socket.destroy());
  };
  const servers = {
    plain: createServer((socket) => {
      keep(socket);
      onRequest(socket, (path) => {
        if (path === 'stats') return send(socket, 200, JSON.stringify(statsOf(bytesRead)));
        const at = Number(path);
        const response = HEALTH_RESPONSES[at];
        if (!response) return send(socket, 404, '');
        socket.on('close', () => bytesRead.set(at, Math.max(bytesRead.get(at) ?? 0, socket.bytesWritten)));
        play(socket, response);
      });
    }),
    tls: createTlsServer(selfSigned(), (socket) => onRequest(socket, () => send(socket, 200, '{"status":"healthy"}'))),
    unencrypted: createServer((socket) => {
      keep(socket);
      socket.once('data', () => send(socket, 400, 'this is not TLS'));
    }),
    silent: createServer(keep),
  };
  servers.tls.on('connection', keep);
  const ports = await Promise.all(Object.values(servers).map(listen));
  const [plain = 0, tls = 0, unencrypted = 0, silent = 0] = ports;
  project.provide('healthResponses', {
    url: `http://127.0.0.1:${plain}`,
    places: {
      'self-signed': `https://127.0.0.1:${tls}/`,
      'plain behind https': `https://127.0.0.1:${unencrypted}/`,
      'silent behind https': `https://127.0.0.1:${silent}/`,
      'no listener': 'http://127.0.0.1:9/',
    },
  });
  return async () => {
    for (const socket of sockets) socket.destroy();
    await Promise.all(Object.values(servers).map((server) => new Promise((resolve) => server.close(resolve))));
  };
}

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

function onRequest(socket: Socket, response: (path: string) => void): void {
  let head = '';
  const read = (chunk: Buffer): void => {
    head += chunk.toString('latin1');
    if (!head.includes('\r\n\r\n')) return;
    socket.off('data', read);
    response(REQUEST_LINE.exec(head)?.[1] ?? '');
  };
  socket.on('data', read);
}

function play(socket: Socket, { response }: HealthResponseCase): void {
  if ('play' in response) return PLAYS[response.play](socket);
  if ('place' in response) return send(socket, 404, '');
  const { status, type, headers = {}, body } = response;
  send(socket, status, body, { ...(type === undefined ? {} : { 'content-type': type }), ...headers });
}

function send(socket: Socket, status: number, body: string, headers: Readonly<Record<string, string>> = {}): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = status === 204 ? '' : `content-length: ${Buffer.byteLength(body)}\r\n`;
  socket.end(`HTTP/1.1 ${status} Whatever\r\nconnection: close\r\n${length}${lines.join('')}\r\n${body}`);
}

const statsOf = (bytesRead: ReadonlyMap<number, number>) => ({
  bytesRead: Object.fromEntries(bytesRead),
  runtimeBytes: memoryOfRuntime(),
});

/** Resident bytes of the runtimes of this test process; null if unknown. */
function memoryOfRuntime(): number | null {
  try {
    const rows = execFileSync('ps', ['-axo', 'pid=,ppid=,rss=,comm='], { encoding: 'utf8' }).split('\n');
    const processes = rows.map((row) => row.trim().split(/\s+/));
    const own = processes.filter(
      ([, parent, , name = '']) => Number(parent) === process.pid && name.includes('workerd'),
    );
    return own.length === 0 ? null : own.reduce((sum, [, , rss]) => sum + Number(rss) * 1_024, 0);
  } catch {
    // Without `ps`, tests judge memory by the bytes read only.
    return null;
  }
}
